import type { FailureCode } from "@holdfast/base/failure";
import type { Outcome } from "@holdfast/core/command/outcome";

/** What an operation came to, as it is counted: few words, and no text of anybody's. */
export type OutcomeLabel =
  | "ok"
  | "granted"
  | "granted_after_wait"
  | "held"
  | "timeout"
  | "cancelled"
  | "deadlock"
  | (typeof failureLabels)[FailureCode];

const failureLabels = {
  INVALID_ARGUMENT: "invalid",
  UNAUTHENTICATED: "unauthenticated",
  PERMISSION_DENIED: "denied",
  NOT_HELD: "not_held",
  LOST: "lost",
  SESSION_EXPIRED: "session_expired",
  FENCED_OUT: "fenced_out",
  RATE_LIMITED: "rate_limited",
  QUOTA_EXCEEDED: "quota_exceeded",
  TOO_MANY_WAITERS: "too_many_waiters",
  CONTENDED: "contended",
  SLOT_MOVING: "slot_moving",
  NO_QUORUM: "no_quorum",
  SHARD_UNAVAILABLE: "unavailable",
  UNIMPLEMENTED: "unimplemented",
  UNKNOWN_OUTCOME: "unknown",
} as const satisfies Readonly<Record<FailureCode, string>>;

/** The platform is to blame: these are the errors of an error rate. */
export const faultLabels: ReadonlySet<OutcomeLabel> = new Set([
  "no_quorum",
  "unavailable",
  "unknown",
]);

/** See {@link OutcomeLabel}. */
export function failureLabel(code: FailureCode): OutcomeLabel {
  return failureLabels[code];
}

/** See {@link OutcomeLabel}; `hasWaited`: it stood in line before it was granted. */
export function outcomeLabel(outcome: Outcome, hasWaited: boolean): OutcomeLabel {
  switch (outcome.kind) {
    case "granted":
      return hasWaited ? "granted_after_wait" : "granted";
    case "held":
    case "timeout":
    case "cancelled":
    case "deadlock":
      return outcome.kind;
    case "failure":
      return failureLabels[outcome.code];
    default:
      return "ok";
  }
}
