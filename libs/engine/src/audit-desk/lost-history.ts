import { type Failure, isFailure } from "@holdfast/base/failure";
import type { LostHistory } from "../ports/audit-desk.ts";
import type { Ledger, LedgerRow, Window } from "../ports/ledger.ts";
import { lastMs } from "../utc-day.ts";
import { decodedRow } from "./decoded-row.ts";
import { ledgerFailure } from "./ledger-failure.ts";

/** Gaps that are told in an answer; they are to be none at all. */
const lostMax = 100;

/** A gap, with the row that tells of it. */
export interface LostRow {
  readonly row: LedgerRow;
  readonly lost: LostHistory;
}

/**
 * The gaps that are, in part at least, within a window. A gap is told at its end: one that is told
 * behind the window may have begun in it, which the record before it in its chain says.
 *
 * `isOf`: of which clusters and regions; others are left out.
 */
export async function lostHistory(
  ledger: Ledger,
  { fromMs, toMs }: Window,
  isOf: (row: LedgerRow) => boolean,
): Promise<{ readonly kind: "lost"; readonly rows: readonly LostRow[] } | Failure> {
  const page = await ledger.gaps({ fromMs, toMs: lastMs, limit: lostMax });
  if (page.kind !== "page") return ledgerFailure(page);
  const rows: LostRow[] = [];
  const isBehind = new Set<string>();
  for (const row of page.rows) {
    // Of those told behind the window only the first of each chain can reach into it.
    if (!isOf(row) || isBehind.has(row.cluster)) continue;
    if (row.atMs > toMs) isBehind.add(row.cluster);
    const begun = await beginningOf(ledger, row);
    if (isFailure(begun)) return begun;
    if (begun.fromMs !== undefined && begun.fromMs > toMs) continue;
    const decoded = decodedRow(row);
    if (decoded.kind !== "event" || decoded.event.kind !== "AuditGap") continue;
    const { cluster, region, shard, atMs } = row;
    const { missingFrom, missingTo } = decoded.event;
    const from = begun.fromMs === undefined ? {} : { fromMs: begun.fromMs };
    rows.push({
      row,
      lost: { cluster, region, shard, ...from, toMs: atMs, missingFrom, missingTo },
    });
  }
  return { kind: "lost", rows };
}

/** The time of the record before a gap, if the ledger has it. */
async function beginningOf(
  ledger: Ledger,
  { cluster, sequence }: LedgerRow,
): Promise<{ readonly kind: "begun"; readonly fromMs?: number } | Failure> {
  if (sequence === 1n) return { kind: "begun" };
  const page = await ledger.chain({ cluster, fromSequence: sequence - 1n, limit: 1 });
  if (page.kind !== "page") return ledgerFailure(page);
  const [before] = page.rows;
  return before?.sequence === sequence - 1n
    ? { kind: "begun", fromMs: before.atMs }
    : { kind: "begun" };
}

/** The same, as an answer has it: left out where there is none. */
export function lostIn(rows: readonly LostRow[]): { readonly lost?: readonly LostHistory[] } {
  return rows.length === 0 ? {} : { lost: rows.map(({ lost }) => lost) };
}
