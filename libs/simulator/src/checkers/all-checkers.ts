import type { Checker, Run, Violation } from "../history/run.ts";
import { beliefOverlap } from "./belief-overlap.ts";
import { beliefTruth } from "./belief-truth.ts";
import { definiteAnswer } from "./definite-answer.ts";
import { exclusiveHolder } from "./exclusive-holder.ts";
import { fifoOrder } from "./fifo-order.ts";
import { leaseOrder } from "./lease-order.ts";
import { onePlace } from "./one-place.ts";
import { oneWake } from "./one-wake.ts";
import { requestAnswered } from "./request-answered.ts";
import { sessionEnd } from "./session-end.ts";
import { silentClient } from "./silent-client.ts";
import { tokensRise } from "./tokens-rise.ts";
import { unknownGrant } from "./unknown-grant.ts";
import { waiterProgress } from "./waiter-progress.ts";

/** Every checker of the local tier. */
export const allCheckers: readonly Checker[] = [
  exclusiveHolder,
  tokensRise,
  fifoOrder,
  oneWake,
  onePlace,
  beliefTruth,
  beliefOverlap,
  definiteAnswer,
  sessionEnd,
  leaseOrder,
  silentClient,
  unknownGrant,
  waiterProgress,
  requestAnswered,
];

/** What all of them find, in the order of time. */
export function checkRun(run: Run): Violation[] {
  return allCheckers.flatMap((checker) => checker.check(run)).sort((a, b) => a.atMs - b.atMs);
}
