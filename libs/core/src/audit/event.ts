import type { GrantId } from "@holdfast/base/ids";
import type { LockId, Mode } from "../lock/lock-id.ts";
import type { Ballot } from "../quorum/ballot.ts";

/**
 * Something that happened to a lock or a session, as the history of one shard has it.
 *
 * A local tenure begins with exactly one of LockAcquired and LockHandedOver and ends with exactly
 * one of LockReleased, LockExpired and LockForceReleased; that of a global lock in a delegated
 * region begins with DelegatedGranted and ends with DelegatedReleased or DelegatedLost.
 *
 * What a register's copy shows (`ballot` and `version`) is only this region's vote: a value that
 * one region accepted may never be chosen. **An event of a register is true once a second region
 * has shown an event with the same ballot**: a ballot has one value, and two of three that accepted
 * it are a quorum. The same version, token and holder under two different ballots are no proof.
 * Every change of the accepted ballot makes at least one event, so the proof always comes.
 */
export type AuditEvent = EventPlace & Happening;

/** Where and when it happened; cluster, revision and index are its identity. */
export interface EventPlace {
  /** The etcd cluster, up to 64 characters: a shard that is set up anew is another one. */
  readonly cluster: string;
  readonly revision: bigint;
  /**
   * Its place among the events of the revision, from 0. Derived again, a revision gives the same
   * events in the same order: whoever changes that gives new events the identity of old ones.
   */
  readonly index: number;
  /** Wall time of the last time mark at or below the revision; 0 before the first mark. */
  readonly atMs: number;
  readonly region: string;
  readonly shard: string;
  /**
   * It stood in the shard when the shard was read anew after a gap, whose revision it has: it began
   * at that revision or at any time before, and may have been told already.
   */
  readonly found?: true;
}

/** What happened, without where and when. */
export type Happening =
  | LockBegan
  | LockWentOn
  | LockForceReleased
  | WaiterQueued
  | WaiterLeft
  | SessionOpened
  | SessionEnded
  | RegisterTenure
  | RegisterEnded
  | RegisterHeard
  | RecordUnreadable
  | AuditGap;

/** The names of all events. */
export type EventKind = Happening["kind"];

/** Whose it is. Metadata is not copied: it may hold anything, and would be kept for years. */
export interface Tenancy {
  /** The lock's region is that of the shard, or `global`. */
  readonly lock: LockId;
  readonly grantId: GrantId;
  readonly mode: Mode;
  /** Up to 256 bytes of UTF-8, of a global lock 64. */
  readonly owner: string;
  /** Its reference (session-reference.ts); absent where the grant has a ttl of its own. */
  readonly session?: string;
  readonly ttlMs: number;
}

/** Whose it is, and under which token. */
export interface Tenure extends Tenancy {
  readonly token: bigint;
}

/**
 * DelegatedGranted: by a shard that decides for its region; both may have stood in line before.
 * LockHandedOver: out of the line, in the very transaction of the release by `from`.
 */
type LockBegan =
  | (Tenure & Waited & { readonly kind: "LockAcquired" })
  | (Tenure & Waited & { readonly kind: "LockHandedOver"; readonly from: GrantId })
  | (Tenure & Waited & { readonly kind: "DelegatedGranted"; readonly from?: GrantId });

interface Waited {
  /** The revision that made its place in line; absent where it got the lock at once. */
  readonly queuedAt?: bigint;
}

/**
 * LockRenewed: its key was written again, by a renewal or by a repeat that took the grant over. A
 * grant under a session is renewed by the session's heartbeats, which write nothing.
 */
type LockWentOn =
  | (Tenure & { readonly kind: "LockRenewed" | "LockExpired" })
  | (Tenure & {
      readonly kind: "LockReleased" | "DelegatedReleased";
      /** `session-closed`: by the client too, together with all the session had. */
      readonly cause: "released" | "session-closed";
    })
  | (Tenure & {
      readonly kind: "DelegatedLost";
      /** `superseded`: the delegation it was given under had ended, and a new one began. */
      readonly cause: "expired" | "superseded";
    });

interface LockForceReleased extends Tenure {
  readonly kind: "LockForceReleased";
  readonly actor: string;
  /** Up to 4,096 bytes of UTF-8; empty, as the actor, where the record could not be read. */
  readonly reason: string;
}

/** A place in the line of a shard, or, with a ballot, of a register. */
interface WaiterQueued extends Tenancy, Partial<OfRegister> {
  readonly kind: "WaiterQueued";
}

/** Out of the line without the lock. Who gets the lock out of the line has no such event. */
interface WaiterLeft extends Tenancy, Partial<OfRegister>, Waited {
  readonly kind: "WaiterLeft";
  readonly cause: WaiterLeftCause;
}

/**
 * `withdrawn`: it gave up, was cancelled, or its time was over: for the store these are the same.
 * `granted`: it had the lock in versions of the register that this copy skipped. `unchosen`: see
 * {@link RegisterEndCause}. `unknown`: the copy skipped too many versions to tell.
 */
export type WaiterLeftCause =
  | "withdrawn"
  | "expired"
  | "session-closed"
  | "granted"
  | "unchosen"
  | "unknown";

/** In this shard; a session is opened in each shard in which it first needs something. */
interface SessionOpened {
  readonly kind: "SessionOpened";
  readonly session: string;
  readonly ttlMs: number;
}

/** In this shard, with everything it had there. */
interface SessionEnded {
  readonly kind: "SessionEnded";
  readonly session: string;
  readonly ttlMs: number;
  readonly cause: "closed" | "expired";
}

/** Which vote of this region shows it. */
export interface OfRegister {
  readonly ballot: Ballot;
  /** The version of the value accepted under the ballot; copies may skip versions. */
  readonly version: number;
}

/** Whose it is, and the region that its client talks to. */
interface RegisterTenureBase extends Tenure, OfRegister {
  readonly home: string;
}

/** A delegation is a tenure of its home region's shard. */
interface RegisterTenure extends RegisterTenureBase {
  readonly kind: "GlobalGranted" | "DelegationGiven" | "DelegationRenewed";
}

/** GlobalTakenOver: two regions said that its session is gone. */
interface RegisterEnded extends RegisterTenureBase {
  readonly kind: "GlobalReleased" | "GlobalTakenOver" | "GlobalForceReleased" | "DelegationEnded";
  readonly cause: RegisterEndCause;
}

/**
 * The fate that the register remembers, or: `unchosen`: this copy had accepted a value that no
 * quorum chose, so the tenure never was. `unknown`: the copy skipped so many versions that the
 * register no longer remembers; another region's copy tells.
 */
export type RegisterEndCause =
  | "released"
  | "cancelled"
  | "lost"
  | "forced"
  | "unchosen"
  | "unknown";

/**
 * GlobalRefused: a request that never had the lock gets it no more. GlobalAccepted: a vote that
 * shows nothing else: for the value that was there already, or for one that differs in nothing told
 * here.
 */
type RegisterHeard =
  | (OfRegister & {
      readonly kind: "GlobalRefused";
      readonly lock: LockId;
      readonly grantId: GrantId;
      readonly cause: "refused" | "cancelled";
    })
  | (OfRegister & { readonly kind: "GlobalAccepted"; readonly lock: LockId });

/**
 * Something stands in the shard that this version cannot read: it may be a newer one's. What is
 * told of a register's copy after it is told as of one that showed nothing before.
 */
interface RecordUnreadable {
  readonly kind: "RecordUnreadable";
  /** The kind of key: `x`, `s`, `q`, `f`, `v`, or below `g/` `a`, `h`, `q`. */
  readonly record: string;
  readonly change: "put" | "deleted";
  readonly lock?: LockId;
  readonly grantId?: GrantId;
}

/**
 * What was told of the shard before says nothing of how it is after this.
 *
 * The history from `missingFrom` to `missingTo`, both included, was gone before it was read. What
 * happened in it is not known; the identity of the gap is that of its last revision. All that
 * stands in the shard at `missingTo` is told anew behind it, as beginnings that are `found`, before
 * anything later.
 */
interface AuditGap {
  readonly kind: "AuditGap";
  readonly missingFrom: bigint;
  readonly missingTo: bigint;
}
