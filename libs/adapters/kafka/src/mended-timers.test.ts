import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import { expect, test, vi } from "vitest";
import { mendTimers } from "./mended-timers.ts";

test("nothing is timed while no request waits, and what waits is looked at", () => {
  mendTimers();
  const timed = vi.spyOn(globalThis, "setTimeout").mockReturnValue(0 as never);
  try {
    const queue = Object.create(RequestQueue.prototype);
    Object.assign(queue, { pending: [], throttledUntil: -1, throttleCheckTimeoutId: null });
    queue.scheduleCheckPendingRequests();
    expect(timed).not.toHaveBeenCalled();
    queue.pending.push("a request");
    queue.scheduleCheckPendingRequests();
    expect(timed.mock.calls.map(([, delayMs]) => delayMs)).toEqual([10]);
  } finally {
    timed.mockRestore();
  }
});
