import type { Cancellation } from "@holdfast/base/cancellation";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { ExportAnswer, ExportQuery } from "../ports/audit-desk.ts";
import { type Ledger, type LedgerRow, pageRowsMax } from "../ports/ledger.ts";
import { utcDay } from "../utc-day.ts";
import { countedChains } from "./chain-list.ts";
import { beyondOf } from "./hot-window.ts";
import { ledgerFailure } from "./ledger-failure.ts";

/** All records of a window: see AuditDesk.export. */
export async function exportRecord(
  ledger: Ledger,
  query: ExportQuery,
  onRows: (rows: readonly LedgerRow[]) => Promise<void>,
  cancellation: Cancellation,
): Promise<ExportAnswer | Failure> {
  const counted = await countedChains(ledger);
  if (isFailure(counted)) return counted;
  const [fromDay, toDay] = [utcDay(query.fromMs), utcDay(query.toMs)];
  for (const { cluster, days } of counted.chains.values()) {
    if (query.cluster !== undefined && query.cluster !== cluster) continue;
    for (const day of days) {
      if (day < fromDay || day > toDay) continue;
      const failed = await exportDay(ledger, { ...query, cluster, day }, onRows, cancellation);
      if (failed !== undefined) return failed;
    }
  }
  if (cancellation.cancelled) return failure("SHARD_UNAVAILABLE", "Nobody waits for more.");
  const beyond = await beyondOf(ledger, query);
  return isFailure(beyond) ? beyond : { kind: "exported", beyond };
}

async function exportDay(
  ledger: Ledger,
  query: ExportQuery & { readonly cluster: string; readonly day: string },
  onRows: (rows: readonly LedgerRow[]) => Promise<void>,
  cancellation: Cancellation,
): Promise<Failure | undefined> {
  const { cluster, day, fromMs, toMs } = query;
  let after: string | undefined;
  do {
    const page = await ledger.chain({ cluster, day, limit: pageRowsMax, ...(after && { after }) });
    if (page.kind !== "page") return ledgerFailure(page);
    const rows = page.rows.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    if (rows.length > 0) await onRows(rows);
    after = page.next;
  } while (after !== undefined && !cancellation.cancelled);
  return undefined;
}
