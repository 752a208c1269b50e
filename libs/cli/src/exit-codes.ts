import type { FailureCode } from "@holdfast/base/failure";

/** What the process ends with, by meaning. Stable: scripts depend on the numbers. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 64,
  unavailable: 69,
  notHeld: 70,
  unknownOutcome: 74,
  busy: 75,
  denied: 77,
  configuration: 78,
  notExecutable: 126,
  notFound: 127,
  /** Plus the signal's number. */
  signal: 128,
} as const;

interface ExitCodeRow {
  readonly code: string;
  readonly meaning: string;
}

/** The table that every `--help` prints; the only place where the codes are explained. */
export const exitCodeTable: readonly ExitCodeRow[] = [
  { code: "0", meaning: "done" },
  { code: "1", meaning: "doctor or audit verify found a failure, or Holdfast itself failed" },
  { code: "64", meaning: "usage: wrong arguments, or something Holdfast does not do" },
  { code: "69", meaning: "no quorum, or nothing answered: nothing was changed" },
  { code: "70", meaning: "lock lost, or not held (any more)" },
  { code: "74", meaning: "outcome unknown: it may or may not have happened" },
  { code: "75", meaning: "busy, timed out, or over a limit: try again later" },
  { code: "77", meaning: "not allowed" },
  { code: "78", meaning: "configuration: the endpoints file cannot be used" },
  { code: "126", meaning: "exec: the command cannot be executed" },
  { code: "127", meaning: "exec: the command was not found" },
  { code: "128+n", meaning: "ended by signal n (130 is Ctrl-C)" },
  { code: "other", meaning: "exec: the command's own exit code" },
];

const codeOfFailure: Readonly<Record<FailureCode, number>> = {
  INVALID_ARGUMENT: exitCodes.usage,
  UNIMPLEMENTED: exitCodes.usage,
  UNAUTHENTICATED: exitCodes.denied,
  PERMISSION_DENIED: exitCodes.denied,
  NOT_HELD: exitCodes.notHeld,
  LOST: exitCodes.notHeld,
  SESSION_EXPIRED: exitCodes.notHeld,
  FENCED_OUT: exitCodes.notHeld,
  RATE_LIMITED: exitCodes.busy,
  QUOTA_EXCEEDED: exitCodes.busy,
  TOO_MANY_WAITERS: exitCodes.busy,
  CONTENDED: exitCodes.busy,
  SLOT_MOVING: exitCodes.unavailable,
  NO_QUORUM: exitCodes.unavailable,
  SHARD_UNAVAILABLE: exitCodes.unavailable,
  UNKNOWN_OUTCOME: exitCodes.unknownOutcome,
};

/** The exit code that stands for `code`. */
export function exitCodeOf(code: FailureCode): number {
  return codeOfFailure[code];
}
