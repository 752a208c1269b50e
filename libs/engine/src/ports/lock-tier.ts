import type { Cancellation } from "@holdfast/base/cancellation";
import type { Failure } from "@holdfast/base/failure";
import type {
  AcquireCommand,
  Command,
  Consistency,
  SessionLease,
} from "@holdfast/core/command/command";
import type { AcquireOutcome, OutcomeOf, Tenant } from "@holdfast/core/command/outcome";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import type { LockId } from "@holdfast/core/lock/lock-id";

/**
 * Everything a region's router can do, whoever asks: a client's stream, a unary call, the router of
 * another region. The router itself implements it, and so does the client side of a peer.
 *
 * Contract: every promise resolves, and never rejects but for a bug; nothing outlives
 * `call.deadlineMs` by more than a round trip to the store.
 */
export interface LockTier {
  execute<C extends Command>(command: C, call: Call): Promise<OutcomeOf<C>>;
  list(query: ListQuery, call: Call): Promise<ListPage | Failure>;
  /** Runs until `call.cancellation` or a failure. `listener` is called in each shard's order. */
  watch(
    query: WatchQuery,
    listener: (event: LockEvent) => void,
    call: Call,
  ): Promise<Failure | undefined>;
  acquireMany(request: AcquireManyRequest, call: Call): Promise<AcquireManyOutcome>;
}

/** What surrounds one call. */
export interface Call {
  /** Nobody wants the answer any more. */
  readonly cancellation: Cancellation;
  /** On the monotonic clock of this process; absent: the command's own wait plus a margin. */
  readonly deadlineMs?: number;
  /** How many routers it came through: a call is forwarded once at the most. */
  readonly hops: number;
  /**
   * What losing the caller means. `cancel`: the request is over (a unary call). `keep`: it lives on
   * under its session, for the caller will repeat it through another router (a client's stream).
   */
  readonly onCallerLost: "cancel" | "keep";
  /** The caller's place in the queue (1 is the head), when it enters and when it changes much. */
  readonly onPosition?: (position: number) => void;
  /** The leases that a waiting request's place hangs on: what its heartbeats must name. */
  readonly onLeases?: (leases: readonly SessionLease[]) => void;
}

/** Which locks to list: by prefix of the name, exclusive and shared, in shard and key order. */
export interface ListQuery {
  readonly region: string;
  readonly namespace: string;
  readonly prefix: string;
  /** 1 to 1,000. */
  readonly pageSize: number;
  /** Empty for the first page; opaque. */
  readonly pageToken: string;
  /** Absent: linearizable. */
  readonly consistency?: Consistency;
}

/** A page of holders; `nextPageToken` is empty on the last one. */
export interface ListPage {
  readonly kind: "page";
  readonly locks: readonly { readonly lock: LockId; readonly holder: Tenant }[];
  readonly nextPageToken: string;
  /** How long ago it was read, in ms, where it came from a cache; absent: for this very answer. */
  readonly ageMs?: number;
}

/** Which locks to watch: one by its name, or all with a prefix. */
export interface WatchQuery {
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly prefix: boolean;
  /** Begin with an event for each current holder. */
  readonly withCurrent: boolean;
}

/** Several locks of one region in one request. */
export interface AcquireManyRequest {
  readonly acquires: readonly AcquireCommand[];
  /** Either every lock, or none of them is held afterwards. */
  readonly allOrNothing: boolean;
}

/** In the order asked for. */
export type AcquireManyOutcome =
  | { readonly kind: "many"; readonly outcomes: readonly AcquireOutcome[] }
  | Failure;
