import type { Failure } from "@holdfast/base/failure";
import { eachPart } from "../archiver/archived-parts.ts";
import type { ExportQuery } from "../ports/audit-desk.ts";
import type { Ledger, LedgerDay } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { utcDay } from "../utc-day.ts";
import { ledgerFailure } from "./ledger-failure.ts";

/** The parts of a window whose rows the hot store has no more, by chain and day, in order. */
export async function goneParts(
  ledger: Ledger,
  { fromMs, toMs, cluster }: ExportQuery,
  days: readonly LedgerDay[],
): Promise<
  | {
      readonly kind: "parts";
      readonly byChain: ReadonlyMap<string, ReadonlyMap<string, readonly ArchivedPart[]>>;
    }
  | Failure
> {
  const hot = new Set(days.filter(({ wasDropped }) => !wasDropped).map(({ day }) => day));
  const byChain = new Map<string, Map<string, ArchivedPart[]>>();
  const window = { fromDay: utcDay(fromMs), toDay: utcDay(toMs), ...(cluster && { cluster }) };
  const failed = await eachPart(ledger, window, async (part) => {
    if (hot.has(part.day)) return "more";
    const ofChain = byChain.get(part.cluster) ?? new Map<string, ArchivedPart[]>();
    byChain.set(part.cluster, ofChain);
    const ofDay = [...(ofChain.get(part.day) ?? []), part];
    ofChain.set(
      part.day,
      ofDay.sort((left, right) => (left.firstSequence < right.firstSequence ? -1 : 1)),
    );
    return "more";
  });
  return failed === undefined ? { kind: "parts", byChain } : ledgerFailure(failed);
}
