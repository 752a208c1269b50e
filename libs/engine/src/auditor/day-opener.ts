import type { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import type { Ledger } from "../ports/ledger.ts";
import { utcDay } from "../utc-day.ts";

const dayMs = 86_400_000;
/** Today and so many more. */
const daysAhead = 2;
/** How often it looks, in ms: far more often than a day ends. */
const everyMs = 3_600_000;
/** Pause before a ledger that did not answer is asked again, in ms. */
const retryMs = 10_000;

/**
 * Keeps the days to come open, so that the first row after midnight waits for no partition to be
 * made. Where it does not get to that, a row opens its day by itself.
 */
export async function keepDaysOpen(
  ledger: Ledger,
  clock: Clock,
  stopped: Cancellation,
): Promise<void> {
  while (!stopped.cancelled) {
    const nowMs = clock.wallMs();
    const days = Array.from({ length: daysAhead + 1 }, (_, day) => utcDay(nowMs + day * dayMs));
    const reply = await ledger.openDays(days);
    await sleep(clock, reply.kind === "opened" ? everyMs : retryMs, stopped);
  }
}
