import type { Clock } from "@holdfast/base/clock";
import type { SessionLease } from "@holdfast/core/command/command";
import type { Call } from "./ports/lock-tier.ts";

/** How long an answer may take beyond the wait that was asked for, in ms. */
const marginMs = 4_500;

/** Those who wait for the answer to one request: copies of it join, and each is answered. */
export class RequestCallers {
  /** On the monotonic clock; with copies, the latest that one of them asked for. */
  waitUntilMs = Number.NEGATIVE_INFINITY;
  /** When the answer must be out. */
  giveUpMs = Number.NEGATIVE_INFINITY;
  readonly #clock: Clock;
  /** What to call when they wait no more. */
  readonly #callers = new Map<Call, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nobody waits any more. */
  get isGone(): boolean {
    return [...this.#callers.keys()].every(({ cancellation }) => cancellation.cancelled);
  }

  /** One more; `onGone` once the last of all has gone. */
  add(waitMs: number, call: Call, onGone: () => void): void {
    const waitUntilMs = this.#clock.monotonicMs() + waitMs;
    const giveUpMs = Math.min(call.deadlineMs ?? Infinity, waitUntilMs + marginMs);
    this.waitUntilMs = Math.max(this.waitUntilMs, waitUntilMs);
    this.giveUpMs = Math.max(this.giveUpMs, giveUpMs);
    this.#callers.set(call, () => {});
    const forget = call.cancellation.onCancel(() => {
      if (this.isGone) onGone();
      else this.#callers.delete(call);
    });
    if (this.#callers.has(call)) this.#callers.set(call, forget);
  }

  /** The newest alone: they are copies of one request, and one client counts its places. */
  tellPlace(place: number): void {
    [...this.#callers.keys()].at(-1)?.onPosition?.(place);
  }

  tellLeases(leases: readonly SessionLease[]): void {
    for (const call of this.#callers.keys()) call.onLeases?.(leases);
  }

  /** Their cancellations mean nothing any more. */
  leave(): void {
    for (const forget of this.#callers.values()) forget();
  }
}
