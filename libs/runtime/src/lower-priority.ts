import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { setPriority } from "node:os";

/** The lowest there is, as of `nice`. */
export const lowestPriority = 19;
const scheduleMsMax = 1_000;

/**
 * Lets a process, all its threads and what they start from now on come after all others where
 * processors are short. Throws where that may not be, or when it has ended.
 */
export function lowerPriority(pid: number): void {
  for (const thread of threadsOf(pid)) setPriority(thread, lowestPriority);
  scheduleIdle(pid);
}

/**
 * The same for a process that somebody just started. Where that may not be it keeps the priority of
 * others: a server that runs is worth more than one that yields.
 */
export function yieldProcess(pid: number): void {
  try {
    lowerPriority(pid);
  } catch {
    // It has ended already, or belongs to another user.
  }
}

/** On Linux a priority is of a thread, and an engine has started its own before it runs a line. */
function threadsOf(pid: number): number[] {
  const folder = `/proc/${pid}/task`;
  return existsSync(folder) ? readdirSync(folder).map(Number) : [pid];
}

/**
 * The lowest priority says how processors are shared, and not who has one at once: a Linux of 6.6
 * and later lets whoever runs go on for some milliseconds. Only one that is scheduled as idle gives
 * way to each that wakes up: SCHED_IDLE in sched(7). Node has no call for it; where the command
 * that has is missing, or may not do it, the priority has to do.
 */
function scheduleIdle(pid: number): void {
  if (process.platform !== "linux") return;
  const args = ["--idle", "--all-tasks", "--pid", "0", String(pid)];
  spawnSync("chrt", args, { stdio: "ignore", timeout: scheduleMsMax });
}
