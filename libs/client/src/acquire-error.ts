import type { Tenant } from "@holdfast/core/command/outcome";
import { type LockId, printLock } from "@holdfast/core/lock/lock-id";
import { errorOf, HoldfastError } from "./holdfast-error.ts";
import type { AcquireEnd } from "./tenure.ts";

/** The end of an acquire that did not get its lock. */
export type UnsuccessfulEnd = Exclude<AcquireEnd<never>, { readonly kind: "admitted" }>;

/** What such an end is thrown as. */
export function errorOfEnd(
  end: UnsuccessfulEnd,
  lock: LockId,
  waitMs: number,
  signal: AbortSignal | undefined,
): HoldfastError {
  const name = printLock(lock);
  switch (end.kind) {
    case "held":
    case "timeout": {
      const { holders, queueLength } = end;
      const details = { holders, queueLength };
      if (waitMs > 0) {
        const message = `${name} did not come free in ${waitMs} ms: ${story(holders, queueLength)}.`;
        return new HoldfastError("TIMEOUT", message, details);
      }
      const message = `${name} is taken: ${story(holders, queueLength)}. Try later, or wait.`;
      const retryAfterMs = end.kind === "held" ? end.retryAfterMs : 0;
      return new HoldfastError("HELD", message, { ...details, retryAfterMs });
    }
    case "abandoned": {
      const cause: unknown = signal?.reason;
      const why = signal?.aborted ? "its signal aborted" : "the client was closed";
      return new HoldfastError("CANCELLED", `The acquire of ${name} was given up: ${why}.`, {
        cause,
      });
    }
    case "cancelled":
      return new HoldfastError(
        "CANCELLED",
        `Somebody ended the wait for ${name}, by a force-release or a cancel. Ask again if need be.`,
      );
    case "deadlock":
      return new HoldfastError(
        "DEADLOCK",
        `Waiting for ${name} would never end: ${end.cycle.join(" waits for ")}. Release what you ` +
          "hold, and take several locks in one order everywhere.",
      );
    case "failure":
      return errorOf(end);
  }
}

function story(holders: readonly Tenant[], queueLength: number): string {
  const [first] = holders;
  const who = first === undefined ? "others are before you" : `${first.owner} has it`;
  const others = holders.length > 1 ? ` with ${holders.length - 1} or more others` : "";
  return `${who}${others}, ${queueLength} waiting`;
}
