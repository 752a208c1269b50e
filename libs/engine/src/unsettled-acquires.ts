import type { Clock } from "@holdfast/base/clock";
import type { GrantId } from "@holdfast/base/ids";

/**
 * How long a write without a known outcome is expected to land, in ms. What lands later still is
 * found by the listing that comes with a heartbeat at least once a minute [H4].
 */
const landsWithinMs = 60_000;
/** Requests with an unknown outcome that are remembered; past it every request counts as one. */
const unknownMax = 10_000;

/**
 * Which requests may yet put a grant or a place through this router. Their client need not know of
 * it: it counts what it sent, and a copy that was made on the way is none of that. A release that
 * went by the client's word alone would put no tombstone, and a copy of the acquire that stalled
 * would then land as a grant, or a place in line, that nobody knows of.
 */
export class UnsettledAcquires {
  readonly #clock: Clock;
  readonly #unknownMax: number;
  /** Copies that are not answered yet. */
  readonly #asking = new Map<GrantId, number>();
  /** Until when, on the monotonic clock; the one that ends first is first. */
  readonly #unknown = new Map<GrantId, number>();
  /** More was unknown than is remembered: until then anything may land. */
  #isFull = false;
  #fullUntilMs = 0;

  constructor(clock: Clock, max = unknownMax) {
    this.#clock = clock;
    this.#unknownMax = max;
  }

  /** Something may be written for it from now on. */
  enter(grantId: GrantId): void {
    this.#asking.set(grantId, (this.#asking.get(grantId) ?? 0) + 1);
  }

  /** One copy of it is answered: nothing more is written for that one. */
  leave(grantId: GrantId): void {
    const others = (this.#asking.get(grantId) ?? 1) - 1;
    if (others === 0) this.#asking.delete(grantId);
    else this.#asking.set(grantId, others);
  }

  /** Nobody knows what became of a write that was made for it. */
  doubt(grantId: GrantId): void {
    const nowMs = this.#clock.monotonicMs();
    this.#forget(nowMs);
    const untilMs = nowMs + landsWithinMs;
    this.#unknown.delete(grantId);
    if (this.#unknown.size < this.#unknownMax) {
      this.#unknown.set(grantId, untilMs);
      return;
    }
    this.#isFull = true;
    this.#fullUntilMs = untilMs;
  }

  /** A grant or a place of this request may still appear. */
  mayLand(grantId: GrantId): boolean {
    if (this.#asking.has(grantId)) return true;
    if (this.#unknown.size === 0 && !this.#isFull) return false;
    const nowMs = this.#clock.monotonicMs();
    this.#forget(nowMs);
    this.#isFull &&= nowMs < this.#fullUntilMs;
    return this.#isFull || this.#unknown.has(grantId);
  }

  #forget(nowMs: number): void {
    for (const [grantId, untilMs] of this.#unknown) {
      if (untilMs > nowMs) break;
      this.#unknown.delete(grantId);
    }
  }
}
