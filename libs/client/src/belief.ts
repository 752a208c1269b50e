import type { SessionLease } from "@holdfast/core/command/command";
import type { ClockReading } from "@holdfast/core/lease/validity";
import type { LostWhy } from "./lock-lost-error.ts";

/**
 * What a client may believe at a moment: `firm`; `jeopardy` (in force, but a heartbeat is overdue
 * or the process stood still and nobody has confirmed it since); or that it is to be counted as
 * lost, and why.
 */
export type Standing = "firm" | "jeopardy" | Exclude<LostWhy, "force-released" | "closed">;

/** What a lock hangs on: one lease, or those of several regions. Times are monotonic, in ms. */
export interface Belief {
  /** Past it the store may have given everything that hangs on it to others. */
  readonly deadlineMs: number;
  /** From here on what hangs on it counts as lost. */
  readonly abortMs: number;
  /** From here on less than half of the ttl is left: a heartbeat is overdue. */
  readonly jeopardyMs: number;
  /** How many regions hold it up that were confirmed lately, at the most. */
  readonly strength: number;
  /**
   * Heartbeats alone do not keep it: the grant itself must be renewed by then, in ms. Undefined
   * where they do.
   */
  readonly renewByMs: number | undefined;
  /** It is, or counts, this very lease. */
  hangsOn(lease: SessionLease): boolean;
  /** The process stood still: only what is sent from `nowMs` on can confirm it. */
  doubt(nowMs: number): void;
  /** What to believe now. `stalled`: the process has just stood still. */
  standing(now: ClockReading, stalled: boolean): Standing;
}

/** In force, for now. */
export function isInForce(standing: Standing): standing is "firm" | "jeopardy" {
  return standing === "firm" || standing === "jeopardy";
}
