import type { Logger } from "./log.ts";
import { lowerPriority, lowestPriority } from "./lower-priority.ts";
import { leadsSession, lowerSession } from "./session-priority.ts";

/**
 * For a process that no lock waits for: where processors are short, those that serve locks come
 * first. A process may always lower its own priority, and some systems know none.
 */
export function yieldToOthers(log: Logger): void {
  try {
    lowerPriority(process.pid);
    // As the launcher starts it. In a session of others its own priority has to do.
    if (leadsSession()) lowerSession(process.pid, lowestPriority);
  } catch (error) {
    log.warn({ "event.action": "priority-kept", err: error }, "runs with the priority of others");
  }
}
