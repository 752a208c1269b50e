import type { Scope } from "@holdfast/core/command/command";
import { limits } from "@holdfast/core/limits";
import { globalRegion, type LockId } from "@holdfast/core/lock/lock-id";
import { checkNamespace, checkRegion } from "@holdfast/core/lock/name";
import { failureError, usageError } from "./cli-error.ts";
import type { AuditPort } from "./connection/audit-port.ts";
import type { ClientPort } from "./connection/client-port.ts";
import { defaultRegion } from "./connection/default-region.ts";
import {
  type Discovery,
  discoverAudit,
  discoverEndpoints,
  endpointsFor,
} from "./connection/discovery.ts";
import { discoverTls, type TlsOptions } from "./connection/tls-files.ts";
import type { Edge } from "./edge.ts";
import { renderJson, renderJsonLine } from "./output/json.ts";
import { type Paint, paintFor } from "./output/paint.ts";
import { type Column, renderTable } from "./output/table.ts";

/** How a command prints. */
export type Format = "table" | "json";

/** The options that every command takes. */
export interface SharedOptions extends TlsOptions {
  readonly endpoints?: string;
  readonly namespace?: string;
  readonly region?: string;
  readonly output: Format;
}

/** Nobody reads stdout any more (`| head`): not an error, but no reason to go on either. */
export class OutputClosedError extends Error {
  override readonly name = "OutputClosedError";
}

/** One run of one command: its options, its connection and its ways to print. */
export class Invocation {
  readonly edge: Edge;
  readonly format: Format;
  readonly paint: Paint;
  readonly #options: SharedOptions;
  readonly #clients: { close(): Promise<void> }[] = [];

  constructor(edge: Edge, options: SharedOptions) {
    this.edge = this.#secured(edge);
    this.#options = options;
    this.format = options.output;
    this.paint = paintFor(edge.stdout, edge.env);
  }

  /** The namespace of every name in this command. */
  get namespace(): string {
    return this.#options.namespace ?? (this.edge.env.HOLDFAST_NAMESPACE || "default");
  }

  /** The region asked for; the endpoint first connected to decides where there is none. */
  get region(): string | undefined {
    return this.#options.region ?? (this.edge.env.HOLDFAST_REGION || undefined);
  }

  /** Finds the endpoints without connecting to them. */
  discover(): Promise<Discovery> {
    return discoverEndpoints(this.edge, this.#options.endpoints);
  }

  /**
   * Connects; the connection is closed when the command ends, whichever way it does. For a global
   * lock any region's router will do, so that none of them is needed; `--region` alone picks one.
   */
  async connect(
    options: {
      readonly region?: string | undefined;
      readonly namespace?: string | undefined;
      readonly scope?: Scope;
    } = {},
  ): Promise<ClientPort> {
    const namespace = options.namespace ?? this.namespace;
    const global = options.scope === "global";
    const asked = global ? this.#options.region : (options.region ?? this.region);
    const wrong =
      checkNamespace(namespace) ?? (asked === undefined ? undefined : checkRegion(asked));
    if (wrong !== undefined) throw failureError(wrong);
    const discovery = await this.discover();
    const note = (text: string) => this.note(text);
    const region = asked ?? (global ? undefined : await defaultRegion(this.edge, discovery, note));
    const endpoints = endpointsFor(discovery, region);
    const client = await this.edge.connect({ endpoints, namespace, region });
    this.#clients.push(client);
    return client;
  }

  /** Connects to who is asked about the record; `told` is `--audit-endpoint`. */
  async connectAudit(told: string | undefined): Promise<AuditPort> {
    const endpoint = await discoverAudit(this.edge, told, () => this.discover());
    const audit = await this.edge.connectAudit(endpoint);
    this.#clients.push(audit);
    return audit;
  }

  /** A lock as the record knows it, which needs no router to be there. */
  async lockId(name: string, scope: Scope): Promise<LockId> {
    const { namespace } = this;
    if (scope === "global") return checkedLock({ region: globalRegion, namespace, name });
    const note = (text: string) => this.note(text);
    const region =
      this.region ?? (await defaultRegion(this.edge, await this.discover(), note)) ?? "";
    if (region === "") {
      throw usageError(
        "A local lock is one of a region, and none is known.",
        "Say which with --region or HOLDFAST_REGION, or --global for a global lock.",
      );
    }
    return checkedLock({ region, namespace, name });
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
  }

  /** Whatever connects does so with the certificates there are. */
  #secured(edge: Edge): Edge {
    const tls = () => discoverTls(edge, this.#options, () => this.discover());
    return {
      ...edge,
      connect: async (options) => edge.connect({ ...options, tls: await tls() }),
      connectAudit: async (endpoint) => edge.connectAudit(endpoint, await tls()),
    };
  }

  /** Prints to stdout; throws {@link OutputClosedError} where nobody reads. */
  async print(text: string): Promise<void> {
    const result = await this.edge.stdout.write(text);
    if (result === "closed") throw new OutputClosedError();
  }

  printJson(value: unknown): Promise<void> {
    return this.print(renderJson(value));
  }

  printJsonLine(value: unknown): Promise<void> {
    return this.print(renderJsonLine(value));
  }

  /** A table no wider than the terminal; into a pipe, as wide as it gets. */
  printTable(columns: readonly Column[], rows: readonly (readonly string[])[]): Promise<void> {
    const { stdout } = this.edge;
    const width = stdout.isTerminal ? stdout.columns : undefined;
    return this.print(renderTable(columns, rows, { columns: width, paint: this.paint }));
  }

  /** Something for people beside the result: to stderr, and never in the way of JSON. */
  async note(text: string): Promise<void> {
    if (this.format === "table") await this.edge.stderr.write(text);
  }

  /** The same, only where a person looks on. */
  async hint(text: string): Promise<void> {
    if (this.edge.stderr.isTerminal) await this.note(text);
  }
}

function checkedLock(lock: LockId): LockId {
  const wrong = checkNamespace(lock.namespace) ?? checkRegion(lock.region);
  if (wrong !== undefined) throw failureError(wrong);
  return lock;
}

/** Bounds of `--wait`. */
export const waitBounds = { min: 0, max: limits.waitMsMax };
