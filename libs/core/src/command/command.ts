import type { GrantId, LeaseId, RequestId, SessionId } from "@holdfast/base/ids";
import type { LockId, Mode } from "../lock/lock-id.ts";

/**
 * What a client can ask of a router: one vocabulary for unary calls, for the batches of a client's
 * stream, for forwarding between regions and for the simulation.
 */
export type Command =
  | AcquireCommand
  | ReleaseCommand
  | RenewCommand
  | CancelCommand
  | GetCommand
  | ForceReleaseCommand
  | OpenSessionCommand
  | HeartbeatCommand
  | CloseSessionCommand;

/** Who decides: the region's shards, or two of three regions. */
export type Scope = "local" | "global";

/** Asks for a lock, either under a session or, without one, under a ttl of its own. */
export interface AcquireCommand {
  readonly kind: "acquire";
  readonly lock: LockId;
  readonly scope: Scope;
  readonly mode: Mode;
  /** Makes a repeat recognisable. Without a session it must be a random UUID. */
  readonly requestId: RequestId;
  readonly session?: SessionId;
  /** Only without a session. */
  readonly ttlMs?: number;
  /** How long to wait in line; 0 is a try. */
  readonly waitMs: number;
  /**
   * A copy of this request was sent before. A refusal of a global lock is final only for a request
   * that was sent once [H5].
   */
  readonly resent?: boolean;
  /** Who asks, for people; shown to others. */
  readonly owner: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** W3C trace context of the caller. */
  readonly traceparent?: string;
}

/** Gives a grant up. */
export interface ReleaseCommand {
  readonly kind: "release";
  readonly lock: LockId;
  readonly grantId: GrantId;
  readonly token: bigint;
  /** Absent: look under both. */
  readonly mode?: Mode;
  readonly session?: SessionId;
  /**
   * The acquire was sent more than once, or was ever left unanswered: a copy of it may still be on
   * its way, so the release leaves a tombstone that refuses it [H4].
   */
  readonly repeated: boolean;
  /** Without a session: how long the tombstone must stand, from the acquire's ttl. */
  readonly ttlMs?: number;
}

/** Extends a grant that carries its own ttl; confirms one under a session. */
export interface RenewCommand {
  readonly kind: "renew";
  readonly lock: LockId;
  readonly grantId: GrantId;
  readonly token: bigint;
  /** Without a session: the new ttl. */
  readonly ttlMs?: number;
}

/** Ends a request whatever became of it: out of the queue, or out of the lock. Needs no token. */
export interface CancelCommand {
  readonly kind: "cancel";
  readonly lock: LockId;
  readonly grantId: GrantId;
  readonly session?: SessionId;
  /** Without a session: how long the tombstone must stand, from the acquire's ttl. */
  readonly ttlMs?: number;
}

/**
 * How new what is read must be. `cached`: it may have been true a few seconds ago; for looking,
 * never for deciding.
 */
export type Consistency = "linearizable" | "cached";

/** Reads who holds and who waits. */
export interface GetCommand {
  readonly kind: "get";
  readonly lock: LockId;
  /** Absent: linearizable. */
  readonly consistency?: Consistency;
}

/** Takes a lock from its holders. They go on believing until they are told: see the guarantees. */
export interface ForceReleaseCommand {
  readonly kind: "force-release";
  readonly lock: LockId;
  readonly requestId: RequestId;
  /** Who does it; goes into the record. */
  readonly actor: string;
  /** Why; goes into the record. */
  readonly reason: string;
  /** Only this grant; absent: every holder. */
  readonly grantId?: GrantId;
}

/** Begins a session, or makes one of another region known in this one. */
export interface OpenSessionCommand {
  readonly kind: "open-session";
  readonly region: string;
  readonly ttlMs: number;
  readonly requestId: RequestId;
  /** A session that lives already, to be known in `region` too. */
  readonly session?: SessionId;
}

/** A lease of a session, as clients name it. */
export interface SessionLease {
  readonly region: string;
  readonly shard: string;
  readonly leaseId: LeaseId;
}

/** "I am alive": the only thing that keeps a session's leases alive. */
export interface HeartbeatCommand {
  readonly kind: "heartbeat";
  readonly session: SessionId;
  readonly ttlMs: number;
  /** Empty: the router looks the session up in its own region's shards. */
  readonly leases: readonly SessionLease[];
  /** Also list the grants and places that hang on these leases. */
  readonly list: boolean;
}

/** Ends a session and everything under it. */
export interface CloseSessionCommand {
  readonly kind: "close-session";
  readonly session: SessionId;
  readonly leases: readonly SessionLease[];
}
