/** Deaths in a row after which a process is given up. */
export const RESTARTS_MAX = 5;
const FIRST_DELAY_MS = 250;
/** A process that lived this long had recovered: the next death starts a new count. */
export const STABLE_AFTER_MS = 60_000;
/** Exit code of a service that cannot read its configuration: starting it again changes nothing. */
export const EXIT_CONFIG = 78;

export type RestartDecision =
  | { readonly kind: "restart"; readonly delayMs: number; readonly attempt: number }
  | { readonly kind: "give-up"; readonly why: string };

/**
 * What to do about a death. `restarts` counts the ones since the process was last stable; the
 * delays double: 0.25, 0.5, 1, 2, 4 s.
 */
export function decideRestart(restarts: number, exitCode: number | null): RestartDecision {
  if (exitCode === EXIT_CONFIG) {
    return { kind: "give-up", why: "it refuses its configuration" };
  }
  if (restarts >= RESTARTS_MAX) {
    return { kind: "give-up", why: `it died ${restarts + 1} times in a row` };
  }
  return { kind: "restart", delayMs: FIRST_DELAY_MS * 2 ** restarts, attempt: restarts + 1 };
}

/** The number of restarts that still count, for a process that has just died. */
export function restartsThatCount(restarts: number, livedMs: number): number {
  return livedMs >= STABLE_AFTER_MS ? 0 : restarts;
}
