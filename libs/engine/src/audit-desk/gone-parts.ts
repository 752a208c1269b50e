import type { Failure } from "@holdfast/base/failure";
import { eachPart } from "../archiver/archived-parts.ts";
import type { ExportQuery } from "../ports/audit-desk.ts";
import type { Ledger, LedgerDay } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { utcDay } from "../utc-day.ts";
import { ledgerFailure, tooManyOf } from "./ledger-failure.ts";

/** Half a kilobyte each; a year of a region has some thousand. */
const partsMax = 100_000;

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
  let count = 0;
  const failed = await eachPart(ledger, window, async (part) => {
    if (hot.has(part.day)) return "more";
    if (++count > partsMax) return "enough";
    const ofChain = byChain.get(part.cluster) ?? new Map<string, ArchivedPart[]>();
    byChain.set(part.cluster, ofChain);
    const ofDay = ofChain.get(part.day);
    if (ofDay === undefined) ofChain.set(part.day, [part]);
    else ofDay.push(part);
    return "more";
  });
  if (failed !== undefined) return ledgerFailure(failed);
  if (count > partsMax) return tooManyOf("objects in that time");
  for (const ofChain of byChain.values()) {
    for (const parts of ofChain.values()) parts.sort(byFirstSequence);
  }
  return { kind: "parts", byChain };
}

function byFirstSequence(left: ArchivedPart, right: ArchivedPart): number {
  return left.firstSequence < right.firstSequence ? -1 : 1;
}
