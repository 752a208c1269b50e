import { setPriority } from "node:os";

/** The lowest there is, as of `nice`. */
export const lowestPriority = 19;

/**
 * Lets a process that was just started come after all others where processors are short, and
 * whatever it starts as well. Where that may not be it keeps the priority of others: a server that
 * runs is worth more than one that yields.
 */
export function lowerPriority(pid: number): void {
  try {
    setPriority(pid, lowestPriority);
  } catch {
    // It has ended already, or belongs to another user.
  }
}
