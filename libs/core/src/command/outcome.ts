import type { Failure } from "@holdfast/base/failure";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { LockId, Mode } from "../lock/lock-id.ts";
import type { Command, SessionLease } from "./command.ts";

/** One tenure of a lock. */
export interface Grant {
  readonly lock: LockId;
  readonly grantId: GrantId;
  readonly mode: Mode;
  /** The fencing token. */
  readonly token: bigint;
  /**
   * How long it may be believed in, in ms, counted from before the request was sent. Never a time
   * of day, so no two clocks need to agree.
   */
  readonly validForMs: number;
  /**
   * From which of a repeated request's sends that counts. `this-send` only where this very repeat
   * put the waiter under a newer lease [H6]; in all other cases the lease may be as old as the
   * first.
   */
  readonly validFrom: "first-send" | "this-send";
  /** The lease it hangs on: what a heartbeat must confirm. */
  readonly lease: SessionLease;
  /** The regions that confirmed it. */
  readonly regions: readonly string[];
  /**
   * Of a global grant only: every lease that counts, one a region. Any two of them hold it up, so
   * it may be believed in until the second-latest of their deadlines; `lease` is the first.
   */
  readonly confirmed?: readonly Confirmation[];
}

/** One region's part in a global grant. */
export interface Confirmation {
  readonly lease: SessionLease;
  /** As a grant's: in ms, from before the request was sent. */
  readonly validForMs: number;
}

/** A holder or a waiter, as others may see it. */
export interface Tenant {
  readonly grantId: GrantId;
  readonly mode: Mode;
  readonly owner: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** 0 for a waiter. */
  readonly token: bigint;
  /** Since the grant or the queueing, in ms; approximate: it compares two machines' wall clocks. */
  readonly ageMs: number;
  /** Under a session, or with a ttl of its own. */
  readonly hasSession: boolean;
  readonly ttlMs: number;
}

/** What an acquire that reached a decision came to, or why it reached none. */
export type AcquireOutcome =
  | { readonly kind: "granted"; readonly grant: Grant }
  | HeldOutcome
  | { readonly kind: "timeout"; readonly holders: readonly Tenant[]; readonly queueLength: number }
  | { readonly kind: "cancelled" }
  | { readonly kind: "deadlock"; readonly cycle: readonly string[] }
  | Failure;

/** Somebody else has the lock and the caller did not want to wait. */
export interface HeldOutcome {
  readonly kind: "held";
  /** At most 10 of them. */
  readonly holders: readonly Tenant[];
  readonly queueLength: number;
  readonly retryAfterMs: number;
}

/** `handedOver`: the same transaction gave the lock to the head of the queue. */
export type ReleaseOutcome = { readonly kind: "released"; readonly handedOver: boolean } | Failure;

/** `validForMs` counts from before the request was sent. */
export type RenewOutcome =
  | {
      readonly kind: "renewed";
      readonly validForMs: number;
      /** Of a global grant only: every lease that counts from now on, in place of earlier ones. */
      readonly confirmed?: readonly Confirmation[];
    }
  | Failure;

/** The request holds nothing and waits for nothing any more. */
export type CancelOutcome = { readonly kind: "cancelled"; readonly found: boolean } | Failure;

/** Holders and waiters (at most 100 of each) and how many there are in all. */
export interface LockState {
  readonly kind: "lock";
  readonly lock: LockId;
  readonly shard: string;
  readonly slot: number;
  readonly holders: readonly Tenant[];
  readonly waiters: readonly Tenant[];
  readonly holderCount: number;
  readonly waiterCount: number;
  /** The shard's revision the answer was read at. */
  readonly revision: bigint;
  /** Of a global lock only: what each region says, whether or not it was needed. */
  readonly votes?: readonly RegionVote[];
  /** How long ago it was read, in ms, where it came from a cache; absent: for this very answer. */
  readonly ageMs?: number;
}

/** What one region says of a global lock. */
export interface RegionVote {
  readonly region: string;
  readonly reachable: boolean;
  /** What is wrong, for people; empty when nothing is. */
  readonly problem: string;
  /** How long it took to answer, in ms. */
  readonly rttMs: number;
  /** The ballot and version of what it accepted last; empty and 0 where it accepted nothing. */
  readonly ballot: string;
  readonly version: number;
  /** The token it knows. */
  readonly token: bigint;
  /** Grants whose sessions live there. */
  readonly live: readonly GrantId[];
}

/** The lock's state, or why it could not be read. */
export type GetOutcome = LockState | Failure;

/** The grants that were taken away; the wire names at most 100 of them. */
export type ForceReleaseOutcome =
  | {
      readonly kind: "force-released";
      readonly released: readonly Tenant[];
      /** How many they were in all, where not all of them are named. */
      readonly releasedCount?: number;
    }
  | Failure;

/** A session that lives. */
export type OpenSessionOutcome =
  | {
      readonly kind: "opened";
      readonly session: SessionId;
      readonly ttlMs: number;
      readonly lease: SessionLease;
      readonly validForMs: number;
    }
  | Failure;

/** What one lease of a heartbeat came to. */
export interface LeaseAnswer {
  readonly lease: SessionLease;
  /** From before the heartbeat was sent; 0: the lease has ended and all under it is lost. */
  readonly validForMs: number;
  /** The shard did not answer: neither confirmed nor lost. */
  readonly unknown: boolean;
  /** Present where a list was asked for and could be read. */
  readonly held?: readonly HeldEntry[];
}

/** A grant or a place in a queue that hangs on a lease. */
export interface HeldEntry {
  readonly kind: "holder" | "waiter";
  readonly lock: LockId;
  readonly grantId: GrantId;
}

/** One answer for each lease asked about (or found). */
export type HeartbeatOutcome =
  | { readonly kind: "heartbeat"; readonly leases: readonly LeaseAnswer[] }
  | Failure;

/** The session and everything under it have ended. */
export type CloseSessionOutcome = { readonly kind: "closed" } | Failure;

/** The answer that belongs to a command. */
export type OutcomeOf<C extends Command> = C["kind"] extends keyof Outcomes
  ? Outcomes[C["kind"]]
  : never;

interface Outcomes {
  readonly acquire: AcquireOutcome;
  readonly release: ReleaseOutcome;
  readonly renew: RenewOutcome;
  readonly cancel: CancelOutcome;
  readonly get: GetOutcome;
  readonly "force-release": ForceReleaseOutcome;
  readonly "open-session": OpenSessionOutcome;
  readonly heartbeat: HeartbeatOutcome;
  readonly "close-session": CloseSessionOutcome;
}

/** Any answer. */
export type Outcome = Outcomes[keyof Outcomes];
