import { isFailure } from "@holdfast/base/failure";
import type { Scope } from "@holdfast/core/command/command";
import { limits, sessionTtlDefaultMs } from "@holdfast/core/limits";
import type { LockId, Mode } from "@holdfast/core/lock/lock-id";
import { checkName, checkNamespace, checkRegion } from "@holdfast/core/lock/name";
import { type Duration, durationMs } from "./duration.ts";
import { errorOf, HoldfastError } from "./holdfast-error.ts";
import type { AcquireOrder } from "./tenure.ts";

/** How a client is set up. */
export interface ClientOptions {
  /** Routers as `host:port`, of one region or of several; the nearest that answers is used. */
  readonly endpoints: readonly string[];
  /** Of every lock that does not say otherwise; `default` if left out. */
  readonly namespace?: string;
  /**
   * Of every lock that does not say otherwise; if left out, the region of the router first
   * connected to. It does not change with the router: the same name in another region is another
   * lock.
   */
  readonly region?: string;
  /** Who holds the locks, for people; shown to others. At most 256 bytes. */
  readonly owner?: string;
  /** The ttl of locks that do not say otherwise; 15 s if left out. */
  readonly ttl?: Duration;
  /** How long a call may take beyond the time it asked to wait; 10 s if left out. */
  readonly requestTimeout?: Duration;
}

/** Which lock, where the client's defaults do not do. */
export interface LockOptions {
  readonly namespace?: string;
  readonly region?: string;
}

/** How a lock is asked for. */
export interface AcquireOptions extends LockOptions {
  /** How long the lock outlives its holder: 2 s to 1 h. Renewal is automatic. */
  readonly ttl?: Duration;
  /** How long to wait in line, at most 1 h; 30 s if left out, 0 for a try. */
  readonly wait?: Duration;
  /** `exclusive` if left out; any number may hold it together that all asked for `shared`. */
  readonly mode?: Mode;
  /** `local` if left out. */
  readonly scope?: Scope;
  /** Gives the acquire up; it does not touch a lock once acquired. */
  readonly signal?: AbortSignal;
  /** Shown to others; at most 4,096 bytes, keys and values together. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** W3C trace context of the caller. */
  readonly traceparent?: string;
  /**
   * Hears the place in the queue, 1 being the head, when it is entered and when it changes much.
   */
  readonly onPosition?: (position: number) => void;
}

/** What holds for every call of one client. */
export interface ClientDefaults {
  readonly namespace: string;
  readonly region: string;
  readonly owner: string;
  readonly ttlMs: number;
  readonly requestTimeoutMs: number;
}

const waitDefaultMs = 30_000;

/** An acquire, checked and complete. */
export interface AcquirePlan {
  readonly order: AcquireOrder;
  readonly ttlMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onPosition: ((position: number) => void) | undefined;
}

/** Checks what can be checked here, so that a wrong call fails at once and without a network. */
export function planAcquire(
  defaults: ClientDefaults,
  name: string,
  options: AcquireOptions,
): AcquirePlan {
  const { mode = "exclusive", scope = "local", metadata = {}, traceparent } = options;
  if (mode !== "exclusive" && mode !== "shared") {
    throw invalid("mode", `mode is "${String(mode)}"; it must be "exclusive" or "shared".`);
  }
  if (scope !== "local" && scope !== "global") {
    throw invalid("scope", `scope is "${String(scope)}"; it must be "local" or "global".`);
  }
  checkMetadata(metadata);
  const order: AcquireOrder = {
    lock: lockOf(defaults, name, options),
    scope,
    mode,
    waitMs: durationMs(options.wait ?? waitDefaultMs, "wait", { min: 0, max: limits.waitMsMax }),
    owner: defaults.owner,
    metadata,
    ...(traceparent === undefined ? undefined : { traceparent }),
  };
  const { signal, onPosition } = options;
  return { order, ttlMs: ttlOf(options.ttl ?? defaults.ttlMs, scope), signal, onPosition };
}

/** The lock's full name, checked. */
export function lockOf(defaults: ClientDefaults, name: string, options: LockOptions): LockId {
  const namespace = options.namespace ?? defaults.namespace;
  const region = options.region ?? defaults.region;
  const problem = checkName(String(name)) ?? checkNamespace(namespace) ?? checkRegion(region);
  if (problem !== undefined) throw errorOf(problem);
  return { region, namespace, name };
}

/** A ttl in ms, within what the scope allows. */
export function ttlOf(ttl: Duration, scope: Scope = "local"): number {
  return durationMs(ttl, "ttl", scope === "local" ? limits.localTtlMs : limits.globalTtlMs);
}

/** The client's own options, checked; `region` must be known by now. */
export function defaultsOf(options: ClientOptions, region: string): ClientDefaults {
  const { namespace = "default", owner = "holdfast-client" } = options;
  const problem = checkNamespace(namespace) ?? checkRegion(region);
  if (problem !== undefined && isFailure(problem)) throw errorOf(problem);
  if (Buffer.byteLength(owner) > limits.ownerBytesMax) {
    throw invalid("owner", `owner has more than ${limits.ownerBytesMax} bytes; shorten it.`);
  }
  return {
    namespace,
    region,
    owner,
    ttlMs: ttlOf(options.ttl ?? sessionTtlDefaultMs),
    requestTimeoutMs: requestTimeoutOf(options),
  };
}

/** How long a call may take beyond the time it asked to wait. */
export function requestTimeoutOf(options: ClientOptions): number {
  const bounds = { min: 100, max: 600_000 };
  return durationMs(options.requestTimeout ?? 10_000, "requestTimeout", bounds);
}

/** The endpoints, each once; there must be one. */
export function endpointsOf(options: ClientOptions): string[] {
  const endpoints = [...new Set(options.endpoints.map((endpoint) => endpoint.trim()))];
  if (endpoints.length === 0 || endpoints.some((endpoint) => !/^\S+:\d{1,5}$/.test(endpoint))) {
    const given = JSON.stringify(options.endpoints).slice(0, 200);
    const message = `endpoints is ${given}; it must be a list of one or more "host:port".`;
    throw invalid("endpoints", message);
  }
  return endpoints;
}

function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(metadata)) {
    if (key === "" || typeof value !== "string") {
      throw invalid("metadata", "metadata must be texts under keys that are not empty.");
    }
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes <= limits.metadataBytesMax) return;
  const message = `metadata has ${bytes} bytes; at most ${limits.metadataBytesMax} are taken.`;
  throw invalid("metadata", message);
}

function invalid(field: string, message: string): HoldfastError {
  return new HoldfastError("INVALID_ARGUMENT", message, { field });
}
