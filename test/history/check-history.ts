import { checkOverlap, checkTokens } from "./beliefs.ts";
import { checkWrites } from "./guarded-writes.ts";
import type { HistoryEvent } from "./history-event.ts";
import { linearize } from "./linearizability.ts";
import { type Tenure, tenuresOf } from "./tenure.ts";
import type { Violation } from "./violation.ts";

/** What the checkers found in a history. */
export interface Verdict {
  readonly tenures: readonly Tenure[];
  readonly violations: readonly Violation[];
  /** Locks whose history was too tangled to search through. */
  readonly unchecked: readonly string[];
}

/** Runs every checker over every lock of a history. */
export function checkHistory(events: readonly HistoryEvent[]): Verdict {
  const tenures = tenuresOf(events);
  const violations: Violation[] = [...checkWrites(events, tenures)];
  const unchecked: string[] = [];
  for (const [lock, own] of Map.groupBy(tenures, (tenure) => tenure.lock)) {
    violations.push(...checkOverlap(own), ...checkTokens(own));
    const linearization = linearize(own);
    if (linearization.kind === "violated") violations.push(linearization.violation);
    if (linearization.kind === "unchecked") unchecked.push(lock);
  }
  return { tenures, violations, unchecked };
}

/**
 * The tenures without which a lock's history would be in order: taken out in ever smaller portions
 * for as long as what is left cannot be.
 */
export function minimise(tenures: readonly Tenure[]): readonly Tenure[] {
  const isBad = (candidate: readonly Tenure[]): boolean =>
    checkOverlap(candidate).length + checkTokens(candidate).length > 0 ||
    linearize(candidate).kind === "violated";
  let rest = tenures;
  for (let portion = Math.ceil(rest.length / 2); portion >= 1; ) {
    const before = rest.length;
    for (let from = 0; from < rest.length; ) {
      const without = [...rest.slice(0, from), ...rest.slice(from + portion)];
      if (isBad(without)) rest = without;
      else from += portion;
    }
    if (portion > 1) portion = Math.ceil(portion / 2);
    else if (rest.length === before) break;
  }
  return rest;
}
