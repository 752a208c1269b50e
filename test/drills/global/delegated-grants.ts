import { isLocalToken } from "@holdfast/core/delegation/delegation-state";
import type { HistoryEvent } from "../../history/history-event.ts";
import type { Tenure } from "../../history/tenure.ts";

/** The grants that regions gave out by themselves, of locks that were delegated to them. */
export function delegatedGrants(tenures: readonly Tenure[]): Tenure[] {
  return tenures.filter(({ result, token }) => result === "granted" && isLocalToken(token));
}

/**
 * Who tries to share a lock that is delegated is told that it is held, though nobody may have it at
 * the time: only those who wait have it taken back from the region. So such an answer says nothing.
 */
export function withoutSharedTries(events: readonly HistoryEvent[]): HistoryEvent[] {
  const tries = new Set<string>();
  const refused = new Set<string>();
  for (const event of events) {
    if (event.kind === "invoke" && event.mode === "shared" && event.waitMs === 0) {
      tries.add(event.op);
    }
    if (event.kind === "return" && event.result === "held" && tries.has(event.op)) {
      refused.add(event.op);
    }
  }
  return events.filter((event) => !("op" in event) || !refused.has(event.op));
}
