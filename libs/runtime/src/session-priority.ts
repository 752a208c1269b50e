import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { lowestPriority } from "./lower-priority.ts";

/** Lets a session come after all others, where that may be. */
export function yieldSession(leader: number): void {
  try {
    lowerSession(leader, lowestPriority);
  } catch {
    // It has ended already, or a container forbids it: then it takes more than what is left over.
  }
}

/**
 * Lowers the priority of a whole session of processes; `niceness` as of `nice`, 0 to 19. Many a
 * Linux shares the processors among the sessions before it looks at the processes in them, and then
 * `nice` says nothing to what runs in another session: see autogroup in sched(7). Does nothing
 * where sessions have no priority. Throws where it may not be set.
 */
export function lowerSession(leader: number, niceness: number): void {
  const file = `/proc/${leader}/autogroup`;
  if (existsSync(file)) writeFileSync(file, String(niceness));
}

/** Whether this process was started as the first of a session, and answers for it alone. */
export function leadsSession(): boolean {
  const file = "/proc/self/stat";
  if (!existsSync(file)) return false;
  const stat = readFileSync(file, "utf8");
  // The command name stands in parentheses and may itself hold blanks and parentheses.
  const [, , , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(session) === process.pid;
}
