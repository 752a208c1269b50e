import { isFailure } from "@holdfast/base/failure";
import type { Tracer } from "@holdfast/base/tracer";
import type { Consistency, Scope } from "@holdfast/core/command/command";
import { limits, sessionTtlDefaultMs } from "@holdfast/core/limits";
import { globalRegion, isGlobal, type LockId, type Mode } from "@holdfast/core/lock/lock-id";
import { checkName, checkNamespace, checkRegion } from "@holdfast/core/lock/name";
import { type Duration, durationMs } from "./duration.ts";
import { errorOf, HoldfastError } from "./holdfast-error.ts";
import type { AcquireOrder } from "./tenure.ts";

/**
 * Whom a client believes and what it shows, each a file or PEM text. Files are read again when a
 * connection is made.
 */
export interface ClientTlsOptions {
  /** The authorities that sign routers' certificates; these are checked against the endpoint. */
  readonly ca: string;
  /** The client's certificate and its key, which routers with TLS ask for. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

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
  /** Who holds the locks, for people; shown to others. At most 256 bytes (global locks: 64). */
  readonly owner?: string;
  /** The ttl of locks that do not say otherwise; 15 s if left out. */
  readonly ttl?: Duration;
  /** How long a call may take beyond the time it asked to wait; 10 s if left out. */
  readonly requestTimeout?: Duration;
  /** Plain text if left out. */
  readonly tls?: ClientTlsOptions;
  /** Told of acquires, and names the trace that the platform goes on with; else none is. */
  readonly tracer?: Tracer;
}

/** Which lock, where the client's defaults do not do. */
export interface LockOptions {
  readonly namespace?: string;
  /** Not with scope `global`, whose locks belong to no region. */
  readonly region?: string;
  /**
   * `local` if left out: the region alone decides. `global`: two of three regions do, so the lock
   * is one over all of them, and goes on without any one of them.
   */
  readonly scope?: Scope;
}

/** Which lock is looked at, and how closely. */
export interface ReadOptions extends LockOptions {
  /**
   * `linearizable` if left out. `cached` costs the shard next to nothing, and may show what was
   * true up to a few seconds ago: for looking, never for deciding. A global lock, and one of a
   * region without a cache, is read as if it were left out.
   */
  readonly consistency?: Consistency;
}

/** How a lock is asked for. */
export interface AcquireOptions extends LockOptions {
  /** How long the lock outlives its holder: 2 s (global: 5 s) to 1 h. Renewal is automatic. */
  readonly ttl?: Duration;
  /** How long to wait in line, at most 1 h; 30 s if left out, 0 for a try. */
  readonly wait?: Duration;
  /** `exclusive` if left out; any number may hold it together that all asked for `shared`. */
  readonly mode?: Mode;
  /** Gives the acquire up; it does not touch a lock once acquired. */
  readonly signal?: AbortSignal;
  /** Shown to others; at most 4,096 bytes (global: 256), keys and values together. */
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
  readonly tracer?: Tracer;
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
  const { mode = "exclusive", metadata = {}, traceparent } = options;
  if (mode !== "exclusive" && mode !== "shared") {
    throw invalid("mode", `mode is "${String(mode)}"; it must be "exclusive" or "shared".`);
  }
  const lock = lockOf(defaults, name, options);
  const scope = isGlobal(lock) ? "global" : "local";
  checkMetadata(metadata, scope);
  if (scope === "global") checkOwner(defaults.owner, limits.globalOwnerBytesMax);
  const order: AcquireOrder = {
    lock,
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
  const problem = checkName(String(name));
  if (problem !== undefined) throw errorOf(problem);
  return { ...placeOf(defaults, options), name };
}

/** Region and namespace, checked; the region of global locks is `global`. */
export function placeOf(
  defaults: Pick<ClientDefaults, "namespace" | "region">,
  options: LockOptions,
): Omit<LockId, "name"> {
  const { namespace = defaults.namespace, scope } = options;
  if (scope !== undefined && scope !== "local" && scope !== "global") {
    throw invalid("scope", `scope is "${String(scope)}"; it must be "local" or "global".`);
  }
  const region = options.region ?? (scope === "global" ? globalRegion : defaults.region);
  const problem = checkNamespace(namespace) ?? checkRegion(region);
  if (problem !== undefined) throw errorOf(problem);
  if (scope === "global" && region !== globalRegion) {
    const message = `A global lock belongs to no region; leave region "${region}" out.`;
    throw invalid("region", message);
  }
  if (scope === "local" && region === globalRegion) {
    throw invalid("region", 'No region is called "global"; ask for scope "global" instead.');
  }
  return { region, namespace };
}

/** The consistency that was asked for, checked, as a command has it. */
export function consistencyOf({ consistency }: ReadOptions): { consistency?: Consistency } {
  if (consistency === undefined) return {};
  if (consistency === "linearizable" || consistency === "cached") return { consistency };
  const message = `consistency is "${String(consistency)}"; it must be "linearizable" or "cached".`;
  throw invalid("consistency", message);
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
  if (region === globalRegion) {
    throw invalid("region", 'No region is called "global"; ask for scope "global" with each lock.');
  }
  checkOwner(owner, limits.ownerBytesMax);
  return {
    namespace,
    region,
    owner,
    ttlMs: ttlOf(options.ttl ?? sessionTtlDefaultMs),
    requestTimeoutMs: requestTimeoutOf(options),
    ...(options.tracer && { tracer: options.tracer }),
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

function checkOwner(owner: string, bytesMax: number): void {
  if (Buffer.byteLength(owner) <= bytesMax) return;
  throw invalid("owner", `owner has more than ${bytesMax} bytes; shorten it.`);
}

function checkMetadata(metadata: Readonly<Record<string, string>>, scope: Scope): void {
  const bytesMax = scope === "global" ? limits.globalMetadataBytesMax : limits.metadataBytesMax;
  let bytes = 0;
  for (const [key, value] of Object.entries(metadata)) {
    if (key === "" || typeof value !== "string") {
      throw invalid("metadata", "metadata must be texts under keys that are not empty.");
    }
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes <= bytesMax) return;
  const message = `metadata has ${bytes} bytes; at most ${bytesMax} are taken for a ${scope} lock.`;
  throw invalid("metadata", message);
}

function invalid(field: string, message: string): HoldfastError {
  return new HoldfastError("INVALID_ARGUMENT", message, { field });
}
