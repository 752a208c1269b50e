import { failureStatus } from "@holdfast/api/failure-status";
import { type Failure, type FailureCode, isFailure } from "@holdfast/base/failure";
import type { Tenant } from "@holdfast/core/command/outcome";

/**
 * Why a call did not do what it was asked for: what the service answers, and what only a client can
 * meet: HELD (a try found the lock taken), TIMEOUT (the wait ran out), CANCELLED (the caller, or
 * the client's closing, ended it), DEADLOCK (waiting would never have ended).
 */
export type ErrorCode = FailureCode | "HELD" | "TIMEOUT" | "CANCELLED" | "DEADLOCK";

/** What else is known, depending on the code. */
export interface ErrorDetails {
  /** The argument at fault (INVALID_ARGUMENT). */
  readonly field?: string;
  /** The shard concerned, as `region/shard`. */
  readonly shard?: string;
  /** The regions that answered (NO_QUORUM). */
  readonly regions?: readonly string[];
  /** When trying again makes sense, in ms. */
  readonly retryAfterMs?: number;
  /** Who has the lock, at most 10 of them (HELD, TIMEOUT). */
  readonly holders?: readonly Tenant[];
  /** How many wait for it (HELD, TIMEOUT). */
  readonly queueLength?: number;
  /** What led to it. */
  readonly cause?: unknown;
}

/** The one error the client throws; {@link ErrorCode} says which. */
export class HoldfastError extends Error {
  override readonly name: string = "HoldfastError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  /** `message`: what happened, why, and what to do. */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  /** Whether asking again, as a new call, may well succeed. */
  get retryable(): boolean {
    const { code } = this;
    // Whoever gave an acquire up has said that they do not want it.
    if (code === "CANCELLED") return false;
    if (code === "HELD" || code === "TIMEOUT" || code === "DEADLOCK") return true;
    return failureStatus[code].repeat !== "no";
  }

  /** The same as an error of this class, whatever it was. */
  static from(thrown: unknown): HoldfastError {
    if (thrown instanceof HoldfastError) return thrown;
    if (thrown instanceof Error && thrown.name === "AbortError") {
      return new HoldfastError("CANCELLED", "The caller cancelled the call.", { cause: thrown });
    }
    if (isFailureValue(thrown)) return errorOf(thrown);
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new HoldfastError("UNKNOWN_OUTCOME", `The call broke off: ${message}`, {
      cause: thrown,
    });
  }
}

/** The error for a failure the service answered. */
export function errorOf(failure: Failure): HoldfastError {
  const { kind: _kind, code, message, ...details } = failure;
  return new HoldfastError(code, message, details);
}

function isFailureValue(thrown: unknown): thrown is Failure {
  return (
    typeof thrown === "object" &&
    thrown !== null &&
    "kind" in thrown &&
    typeof thrown.kind === "string" &&
    isFailure({ kind: thrown.kind }) &&
    "code" in thrown
  );
}
