import { setPriority } from "node:os";

/**
 * As of `nice`: a tenth of what others weigh. With 19, the lowest, nothing was heard of an auditor
 * for half a minute where both processors were busy.
 */
export const yieldingPriority = 10;

/**
 * Lets a process that was just started come after others where processors are short, and whatever
 * it starts as well. Where that may not be it keeps the priority of others: a server that runs is
 * worth more than one that yields.
 */
export function lowerPriority(pid: number): void {
  try {
    setPriority(pid, yieldingPriority);
  } catch {
    // It has ended already, or belongs to another user.
  }
}
