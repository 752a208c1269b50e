import type { Failure, FailureCode } from "@holdfast/base/failure";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";

/** What a {@link CliError} says beside its message. */
interface CliErrorDetails {
  /** What to do about it, in one sentence. */
  readonly advice?: string | undefined;
  /** For programs: a failure's code, or a word of the CLI's own. */
  readonly code?: string | undefined;
  readonly field?: string | undefined;
  readonly shard?: string | undefined;
  /** The regions that answered. */
  readonly regions?: readonly string[] | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The command cannot go on: what happened and why (message), what to do (advice), how it exits. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;
  readonly details: CliErrorDetails;

  constructor(exitCode: number, message: string, details: CliErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.exitCode = exitCode;
    this.details = details;
  }
}

/** A {@link CliError} for arguments that cannot be meant. */
export function usageError(message: string, advice?: string): CliError {
  return new CliError(exitCodes.usage, message, { advice, code: "USAGE" });
}

/** A {@link CliError} for a failure that came from the other side. */
export function failureError(failure: Failure, cause?: unknown): CliError {
  return new CliError(exitCodeOf(failure.code), failure.message, {
    advice: adviceOf[failure.code],
    code: failure.code,
    field: failure.field,
    shard: failure.shard,
    regions: failure.regions,
    retryAfterMs: failure.retryAfterMs,
    cause,
  });
}

const unreachableAdvice = "See what is wrong with: holdfast doctor";
const laterAdvice = "Try again in a moment.";
const notHeldAdvice = "See who holds it with: holdfast get NAME";

/** What to do where the failure's own message leaves it open. */
const adviceOf: Readonly<Partial<Record<FailureCode, string>>> = {
  NOT_HELD: notHeldAdvice,
  LOST: notHeldAdvice,
  SESSION_EXPIRED: notHeldAdvice,
  FENCED_OUT: notHeldAdvice,
  RATE_LIMITED: laterAdvice,
  TOO_MANY_WAITERS: laterAdvice,
  CONTENDED: laterAdvice,
  SLOT_MOVING: laterAdvice,
  NO_QUORUM: "Two of three regions must answer: see which do with holdfast region ls.",
  SHARD_UNAVAILABLE: unreachableAdvice,
  UNKNOWN_OUTCOME: "Look at the lock with holdfast get NAME before you repeat it.",
};
