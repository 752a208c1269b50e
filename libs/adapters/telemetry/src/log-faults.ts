import type { OnFault } from "@holdfast/engine/metrics/fault-report";
import type { Logger } from "@holdfast/runtime/log";

/** Writes requests for whose failure the platform is to blame to the log. */
export function logFaults(log: Logger): OnFault {
  return ({ operation, code, message, lock, leftOut }) => {
    const fields = {
      "event.action": "request-failed",
      "event.reason": code,
      operation,
      ...(lock && { lock }),
      ...(leftOut > 0 && { leftOut }),
    };
    log.warn(fields, message);
  };
}
