import { failureStatus } from "@holdfast/api/failure-status";
import { sleep } from "@holdfast/base/clock";
import { type Failure, isFailure } from "@holdfast/base/failure";
import type { Command } from "@holdfast/core/command/command";
import type { OutcomeOf } from "@holdfast/core/command/outcome";
import { type ClockReading, readClocks } from "@holdfast/core/lease/validity";
import { answerMsMax } from "./answer-time.ts";
import { backoffMs } from "./backoff.ts";
import type { ClientCore } from "./client-core.ts";

/** Whether sending the very same request again, with the same id, may do better at once. */
export function isRepeatable(failure: Failure): boolean {
  const { repeat } = failureStatus[failure.code];
  return repeat === "yes" || repeat === "same-request";
}

/** An answer, and both clocks before its request was sent for the first time. */
export interface Persisted<T> {
  readonly outcome: T | Failure;
  /** Undefined: it was never sent. */
  readonly firstSentAt: ClockReading | undefined;
}

/**
 * Sends a command that may be repeated at will, through whichever router answers, until there is an
 * answer that a repeat cannot better or `untilMs` has come; then the last failure stands.
 */
export async function persist<C extends Command>(
  core: ClientCore,
  command: C,
  untilMs: number,
): Promise<Persisted<OutcomeOf<C>>> {
  const { link, budget, closing } = core;
  const { clock, random } = core.ports;
  let firstSentAt: ClockReading | undefined;
  let last: Failure | undefined;
  for (let repeat = 0; ; repeat++) {
    if (clock.monotonicMs() >= untilMs || closing.cancelled) break;
    const mayRepeat = repeat === 0 || budget.take(clock.monotonicMs());
    if (mayRepeat && (link.connected || (await link.ready(untilMs)))) {
      const sentAt = readClocks(clock);
      firstSentAt ??= sentAt;
      // What is left once there is a router: waiting for one may have taken most of the time.
      const leftMs = Math.max(0, untilMs - sentAt.monotonicMs);
      const outcome = await link.request(command, Math.min(answerMsMax, leftMs));
      if (!isFailure(outcome) || !isRepeatable(outcome)) {
        budget.succeeded();
        return { outcome, firstSentAt };
      }
      last = outcome;
    }
    const pauseMs = backoffMs(random, repeat, last?.retryAfterMs);
    await sleep(clock, Math.min(pauseMs, Math.max(0, untilMs - clock.monotonicMs())), closing);
  }
  return { outcome: last ?? link.trouble, firstSentAt };
}
