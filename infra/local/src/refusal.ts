/** Why Holdfast does not start, or stops; with what the user can do about it. */
export interface Refusal {
  readonly kind: "refused";
  readonly message: string;
  /** What to do, one way a line. */
  readonly waysOut: readonly string[];
  /** Exit code of the process. */
  readonly exitCode: number;
}

/** Exit codes follow sysexits.h where it has one. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 64;
/** Something this needs cannot be had: a store, a free port. */
export const EXIT_UNAVAILABLE = 69;
export const EXIT_INTERRUPTED = 130;

export function refusal(
  message: string,
  waysOut: readonly string[],
  exitCode: number = EXIT_FAILED,
): Refusal {
  return { kind: "refused", message, waysOut, exitCode };
}
