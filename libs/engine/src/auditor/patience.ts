import type { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";

/** Pauses before another attempt, in milliseconds: each is twice the one before. */
const firstMs = 100;
const longestMs = 5_000;

/** What one attempt came to: done with a value, or to be made again. */
export type Attempt<Value> =
  | { readonly kind: "done"; readonly value: Value }
  | { readonly kind: "again"; readonly message: string };

/** Who is told of a wait. */
export interface WaitListener {
  /** Before every pause. */
  onWait(message: string): void;
  /** When it is over, if there was one. */
  onDone(): void;
}

/** Attempts until it is done, for as long as that takes, or until nobody wants it any more. */
export async function attemptUntilDone<Value>(
  clock: Clock,
  stopped: Cancellation,
  listener: WaitListener,
  attempt: () => Promise<Attempt<Value>>,
): Promise<{ readonly kind: "done"; readonly value: Value } | { readonly kind: "stopped" }> {
  for (let pauseMs = firstMs; !stopped.cancelled; pauseMs = Math.min(2 * pauseMs, longestMs)) {
    const made = await attempt();
    if (made.kind === "done") {
      listener.onDone();
      return made;
    }
    listener.onWait(made.message);
    await sleep(clock, pauseMs, stopped);
  }
  return { kind: "stopped" };
}
