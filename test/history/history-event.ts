import type { ReleaseResult } from "@holdfast/client/lock";
import type { Mode } from "@holdfast/core/lock/lock-id";

/**
 * What clients saw, in the order they wrote it down. `atMs` is read from one monotonic clock that
 * all processes of the machine share; `op` names one tenure: an acquire and what follows from it.
 */
export type HistoryEvent =
  | InvokeEvent
  | ReturnEvent
  | BelievesEvent
  | LostEvent
  | ReleaseEvent
  | ReleasedEvent
  | VoidedEvent
  | DiedEvent
  | WriteEvent
  | LeaseEndedEvent
  | FaultEvent;

/** What an acquire came to; `unknown` where nobody knows whether it was ever granted. */
export type AcquireResult = "granted" | "held" | "timeout" | "unknown";

/** Read before the acquire was called. */
export interface InvokeEvent {
  readonly kind: "invoke";
  readonly atMs: number;
  readonly client: string;
  readonly op: string;
  readonly lock: string;
  readonly mode: Mode;
  /** 0 for a try. */
  readonly waitMs: number;
}

/** Read after the acquire was answered. */
export interface ReturnEvent {
  readonly kind: "return";
  readonly atMs: number;
  readonly op: string;
  readonly result: AcquireResult;
  /** Decimal; of a grant. */
  readonly token?: string;
  /** What the client was told where nobody knows; for people. */
  readonly why?: string;
}

/** At `atMs` the client was sure of the lock, and would have been until `untilMs`. */
export interface BelievesEvent {
  readonly kind: "believes";
  readonly atMs: number;
  readonly op: string;
  readonly untilMs: number;
}

/** The client was told that the lock is lost, some time after it was. */
export interface LostEvent {
  readonly kind: "lost";
  readonly atMs: number;
  readonly op: string;
  readonly why: string;
}

/** Read before the release was called. */
export interface ReleaseEvent {
  readonly kind: "release";
  readonly atMs: number;
  readonly op: string;
}

/** Read after it was answered. */
export interface ReleasedEvent {
  readonly kind: "released";
  readonly atMs: number;
  readonly op: string;
  readonly result: ReleaseResult;
}

/** What the client was sure of is not to be counted from here on; whoever says so says why. */
export interface VoidedEvent {
  readonly kind: "voided";
  readonly atMs: number;
  readonly op: string;
}

/** The client's process was killed: it believes in nothing any more. */
export interface DiedEvent {
  readonly kind: "died";
  readonly atMs: number;
  readonly client: string;
}

/** A write reached the guarded resource, which looks at nothing but the token. */
export interface WriteEvent {
  readonly kind: "write";
  readonly atMs: number;
  readonly op: string;
  readonly lock: string;
  readonly mode: Mode;
  /** Decimal. */
  readonly token: string;
  /** False: the resource had seen a token that makes this one stale. */
  readonly accepted: boolean;
}

/** Seen at the store: a holder went because its lease had ended, whoever ended that. */
export interface LeaseEndedEvent {
  readonly kind: "lease-ended";
  readonly atMs: number;
  readonly lock: string;
  /** Of the holder's key, decimal: its token names the same. */
  readonly createRevision: string;
}

/** Something was broken on purpose from `atMs` to `untilMs`. */
export interface FaultEvent {
  readonly kind: "fault";
  readonly atMs: number;
  readonly untilMs: number;
  /** As "SIGSTOP 10 s". */
  readonly what: string;
  /** As "router r0". */
  readonly target: string;
}
