/**
 * Everything that can go wrong, as one closed set. A failure is a value; what maps it to a wire
 * status, and whether repeating is safe, is one table beside the wire codecs.
 */
export type FailureCode =
  | "INVALID_ARGUMENT"
  | "UNAUTHENTICATED"
  | "PERMISSION_DENIED"
  | "NOT_HELD"
  | "LOST"
  | "SESSION_EXPIRED"
  | "FENCED_OUT"
  | "RATE_LIMITED"
  | "QUOTA_EXCEEDED"
  | "TOO_MANY_WAITERS"
  | "CONTENDED"
  | "SLOT_MOVING"
  | "NO_QUORUM"
  | "SHARD_UNAVAILABLE"
  | "UNIMPLEMENTED"
  | "UNKNOWN_OUTCOME";

/** A request that did not reach what it asked for. */
export interface Failure {
  readonly kind: "failure";
  readonly code: FailureCode;
  /** What happened, why, and what to do, in one or two sentences. */
  readonly message: string;
  /** The request's field at fault, as the wire names it (INVALID_ARGUMENT). */
  readonly field?: string;
  /** The shard concerned, as `region/shard`. */
  readonly shard?: string;
  /** The regions that answered (NO_QUORUM). */
  readonly regions?: readonly string[];
  /** When trying again makes sense, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** Builds a {@link Failure}. */
export function failure(
  code: FailureCode,
  message: string,
  details: Omit<Failure, "kind" | "code" | "message"> = {},
): Failure {
  return { kind: "failure", code, message, ...details };
}

/** Tells a failure from every other outcome. */
export function isFailure(outcome: { readonly kind: string }): outcome is Failure {
  return outcome.kind === "failure";
}
