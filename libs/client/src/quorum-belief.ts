import type { SessionLease } from "@holdfast/core/command/command";
import type { ClockReading } from "@holdfast/core/lease/validity";
import { type Belief, isInForce, type Standing } from "./belief.ts";
import type { LeaseBelief } from "./lease-belief.ts";

/** Regions that must call a global lock's session alive; of three. */
export const quorum = 2;

/**
 * The belief in a global lock: any two of the leases that its grant was confirmed under hold it up,
 * so it lasts until the second-latest of their deadlines. A lease that ends, or that nobody
 * confirms any more, merely stops counting. No lease but those of the grant ever counts: one that
 * was made later, or in a region that another accept reached, holds nothing of this lock [H1, H2].
 *
 * A grant that names no such leases lives in one region for as long as it was told, renewals
 * included: it hangs on its lease there and on that time, which is a part as well; it needs both.
 */
export class QuorumBelief implements Belief {
  readonly parts: readonly LeaseBelief[];
  /** The part that renewals of the grant confirm, if one does. */
  readonly renewable: LeaseBelief | undefined;
  /** Names the parts, in any order the same. */
  readonly key: string;

  constructor(parts: readonly LeaseBelief[], renewable?: LeaseBelief) {
    this.parts = renewable === undefined ? parts : [...parts, renewable];
    this.renewable = renewable;
    this.key = keyOf(this.parts);
  }

  get deadlineMs(): number {
    return this.#secondLatest((part) => part.deadlineMs);
  }

  get abortMs(): number {
    return this.#secondLatest((part) => part.abortMs);
  }

  get jeopardyMs(): number {
    return this.#secondLatest((part) => part.jeopardyMs);
  }

  get strength(): number {
    const counts = (part: LeaseBelief) => part !== this.renewable && part.isInForce;
    return this.parts.filter(counts).length;
  }

  get renewByMs(): number | undefined {
    return this.renewable?.deadlineMs;
  }

  hangsOn(lease: SessionLease): boolean {
    return this.parts.some((part) => part.hangsOn(lease));
  }

  doubt(nowMs: number): void {
    for (const part of this.parts) part.doubt(nowMs);
  }

  standing(now: ClockReading, stalled: boolean): Standing {
    const standings = this.parts.map((part) => part.standing(now, stalled));
    if (standings.filter((each) => each === "firm").length >= quorum) return "firm";
    if (standings.filter(isInForce).length >= quorum) return "jeopardy";
    // Too few leases are left: no heartbeat could have helped.
    const ended = standings.filter((each) => each === "session-expired").length;
    if (this.parts.length - ended < quorum) return "session-expired";
    return standings.find((each) => !isInForce(each) && each !== "session-expired") ?? "expired";
  }

  #secondLatest(timeOf: (part: LeaseBelief) => number): number {
    const times = this.parts.map((part) => (part.ended ? Number.NEGATIVE_INFINITY : timeOf(part)));
    times.sort((left, right) => right - left);
    return times[quorum - 1] ?? Number.NEGATIVE_INFINITY;
  }
}

/** A key for maps that names exactly these leases. */
export function keyOf(parts: readonly LeaseBelief[]): string {
  return parts
    .map((part) => part.key)
    .sort()
    .join(" ");
}
