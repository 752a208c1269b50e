import { invariant } from "@holdfast/base/invariant";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";

let mended = false;

/**
 * Mends the timers of kafkajs, once for the process. After its first answer every connection asks
 * for a look at the requests that wait, to be had in minus 1.7 million million milliseconds; Node
 * makes that 1 ms, and the look asks for the next one: a thousand a second for as long as the
 * connection lives (two idle connections take 5 % of a core), and a TimeoutNegativeWarning on
 * Node 24. Where nothing waits there is nothing
 * to look at, and whatever comes to wait asks for a look itself.
 */
export function mendTimers(): void {
  if (mended) return;
  mended = true;
  const queue = RequestQueue.prototype;
  const schedule = queue.scheduleCheckPendingRequests;
  invariant(typeof schedule === "function", "this is the kafkajs whose timers are known");
  queue.scheduleCheckPendingRequests = function mendedSchedule(this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}
