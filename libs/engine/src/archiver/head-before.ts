import { type ChainHead, genesis } from "@holdfast/core/audit/chain";
import type { Ledger, NotDone } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { utcDay } from "../utc-day.ts";
import { type DayParts, eachPart } from "./archived-parts.ts";

/**
 * How many days back the archive is looked through, one after the other: the record before lies
 * mostly in the day before, but a cluster may have been idle for long.
 */
const daysBack = [1, 8, 64, 512];
const dayMs = 86_400_000;

/** The head, or `unknown`: the record of that number is nowhere. */
export type HeadFound =
  | { readonly kind: "found"; readonly head: ChainHead }
  | { readonly kind: "unknown" }
  | NotDone;

/**
 * The head that record `sequence` of a cluster must follow: where an archived part ends there, that
 * part's word counts; else that of the row in the ledger, of whatever day it is.
 */
export async function headBefore(
  ledger: Pick<Ledger, "chain" | "archived">,
  {
    cluster,
    day,
    parts,
  }: { readonly cluster: string; readonly day: string; readonly parts: DayParts },
  sequence: bigint,
): Promise<HeadFound> {
  if (sequence === 1n) return { kind: "found", head: genesis(cluster) };
  const due = sequence - 1n;
  const own = parts.parts.find(({ lastSequence }) => lastSequence === due);
  if (own !== undefined) return found(own);
  const page = await ledger.chain({ cluster, fromSequence: due, limit: 1 });
  if (page.kind !== "page") return page;
  const [row] = page.rows;
  if (row?.sequence === due) {
    return { kind: "found", head: { cluster, sequence: due, hash: row.hash } };
  }
  return inArchive(ledger, cluster, day, due);
}

async function inArchive(
  ledger: Pick<Ledger, "archived">,
  cluster: string,
  day: string,
  due: bigint,
): Promise<HeadFound> {
  const startMs = Date.parse(`${day}T00:00:00Z`);
  for (const days of [...daysBack, Number.POSITIVE_INFINITY]) {
    const fromMs = Math.max(0, startMs - days * dayMs);
    let last: ArchivedPart | undefined;
    // Of later days too: the clock of a cluster may have gone back.
    const failure = await eachPart(ledger, { cluster, fromDay: utcDay(fromMs) }, async (part) => {
      if (part.lastSequence !== due) return "more";
      last = part;
      return "enough";
    });
    if (failure !== undefined) return failure;
    if (last !== undefined) return found(last);
    if (fromMs === 0) break;
  }
  return { kind: "unknown" };
}

function found({ cluster, lastSequence, lastHash }: ArchivedPart): HeadFound {
  return { kind: "found", head: { cluster, sequence: lastSequence, hash: lastHash } };
}
