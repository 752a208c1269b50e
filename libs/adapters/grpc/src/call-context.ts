import type { Deadline, Metadata } from "@grpc/grpc-js";
import { Cancellation } from "@holdfast/base/cancellation";
import type { Clock } from "@holdfast/base/clock";
import type { Call } from "@holdfast/engine/ports/lock-tier";

/** Metadata of a call that a router forwards: how many routers it came through. */
export const hopsKey = "holdfast-hops";
/** Metadata: `keep` when the request is to outlive its call (see `Call.onCallerLost`). */
export const callerLostKey = "holdfast-caller-lost";

/** How many routers a call came through; what cannot be read counts as one that was forwarded. */
export function hopsOf(metadata: Metadata): number {
  const [text] = metadata.get(hopsKey);
  if (text === undefined) return 0;
  return /^\d{1,3}$/.test(String(text)) ? Number(text) : 1;
}

/** What surrounds a call of gRPC, in the engine's words. */
export function callOf(
  call: { readonly metadata: Metadata; getDeadline(): Deadline },
  clock: Clock,
  cancellation: Cancellation,
): Call {
  const deadlineMs = monotonicDeadlineMs(call.getDeadline(), clock);
  return {
    cancellation,
    ...(deadlineMs !== undefined && { deadlineMs }),
    hops: hopsOf(call.metadata),
    onCallerLost: call.metadata.get(callerLostKey)[0] === "keep" ? "keep" : "cancel",
  };
}

/**
 * gRPC measures deadlines by the wall clock of this process and says so as a time of day; what is
 * left of it counts from now on our own clock.
 */
function monotonicDeadlineMs(deadline: Deadline, clock: Clock): number | undefined {
  const atMs = deadline instanceof Date ? deadline.getTime() : deadline;
  if (!Number.isFinite(atMs)) return undefined;
  return clock.monotonicMs() + Math.max(0, atMs - Date.now());
}

/** A cancellation that the end of `call` cancels, whatever ended it. */
export function cancellationOf(call: {
  on(event: "cancelled", listener: () => void): unknown;
}): Cancellation {
  const cancellation = new Cancellation();
  call.on("cancelled", () => cancellation.cancel());
  return cancellation;
}
