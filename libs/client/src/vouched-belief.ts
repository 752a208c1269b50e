import type { ClockReading } from "@holdfast/core/lease/validity";
import { LeaseBelief } from "./lease-belief.ts";

/**
 * The belief that a grant is still vouched for by who granted it for a while only: renewals of the
 * grant confirm it, each for less than the session's ttl, perhaps.
 */
export class VouchedBelief extends LeaseBelief {
  #spanMs = 0;

  override confirm(sentAt: ClockReading, validForMs: number): void {
    const before = this.deadlineMs;
    super.confirm(sentAt, validForMs);
    if (this.deadlineMs > before) this.#spanMs = validForMs;
  }

  /** Half of what was told last is left: a renewal is overdue. */
  override get jeopardyMs(): number {
    return this.deadlineMs - this.#spanMs / 2;
  }
}
