import type { Cancellation } from "@holdfast/base/cancellation";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import { isOfRegister, ShownBallots } from "@holdfast/core/audit/shown-ballots";
import { isGlobal, type LockId } from "@holdfast/core/lock/lock-id";
import type {
  RecordsPage,
  SessionAsked,
  TimelineAsked,
  TimelineRecord,
} from "../ports/audit-desk.ts";
import {
  type Ledger,
  type LedgerRow,
  type PageReply,
  type Paging,
  pageRowsMax,
} from "../ports/ledger.ts";
import { lastMs } from "../utc-day.ts";
import { decodedRow, eventsIn } from "./decoded-row.ts";
import { beyondOf } from "./hot-window.ts";
import { ledgerFailure } from "./ledger-failure.ts";

/** Bytes of the lines of one answer: clients take messages of 2 MiB. */
export const answerBytesMax = 1024 * 1024;

/**
 * So far around a page the other regions' copies of its events are looked for: they come a moment
 * later, and from clocks that differ.
 */
const copiesWithinMs = 300_000;

/** A page of a lock's events. */
export async function lockTimeline(
  ledger: Ledger,
  query: TimelineAsked,
  cancellation: Cancellation,
): Promise<RecordsPage | Failure> {
  const { lock, fromMs, toMs } = query;
  const page = await fittingPage(query, cancellation, (paging) =>
    ledger.timeline({ lock, fromMs, toMs, ...paging }),
  );
  if (isFailure(page)) return page;
  const beyond = await beyondOf(ledger, query, mayHave(lock));
  if (isFailure(beyond)) return beyond;
  const records = isGlobal(lock)
    ? await withCopies(ledger, query, page.rows)
    : page.rows.map((row) => ({ row, shownBy: [] }));
  if ("kind" in records) return records;
  return { kind: "records", records, nextPageToken: page.next ?? "", beyond };
}

/** Whether a row is of a shard that may have the lock: one of its region, or any. */
export function mayHave(lock: LockId): (row: LedgerRow) => boolean {
  return ({ region }) => isGlobal(lock) || region === lock.region;
}

/** A page of a session's events. */
export async function sessionRecords(
  ledger: Ledger,
  query: SessionAsked,
  cancellation: Cancellation,
): Promise<RecordsPage | Failure> {
  const { session } = query;
  const page = await fittingPage(query, cancellation, (paging) =>
    ledger.session({ session, ...paging }),
  );
  if (isFailure(page)) return page;
  const beyond = await beyondOf(ledger, { fromMs: 0, toMs: lastMs });
  if (isFailure(beyond)) return beyond;
  const records = page.rows.map((row) => ({ row, shownBy: [] }));
  return { kind: "records", records, nextPageToken: page.next ?? "", beyond };
}

type Page = Extract<PageReply, { readonly kind: "page" }>;

/** As many rows as were asked for, or fewer where their lines are too long for one answer. */
async function fittingPage(
  { pageSize, pageToken }: { readonly pageSize: number; readonly pageToken: string },
  cancellation: Cancellation,
  ask: (paging: Paging) => Promise<PageReply>,
): Promise<Page | Failure> {
  const after = pageToken === "" ? {} : { after: pageToken };
  for (let limit = pageSize; !cancellation.cancelled; limit = Math.ceil(limit / 4)) {
    const page = await ask({ limit, ...after });
    if (page.kind !== "page") return ledgerFailure(page);
    const bytes = page.rows.reduce((sum, { line }) => sum + line.length, 0);
    if (bytes <= answerBytesMax || limit === 1) return page;
  }
  return failure("SHARD_UNAVAILABLE", "Nobody waits for the answer any more.");
}

/** The rows of a global lock, with the regions whose copies show the same ballot. */
async function withCopies(
  ledger: Ledger,
  { lock }: TimelineAsked,
  rows: readonly LedgerRow[],
): Promise<TimelineRecord[] | Failure> {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return [];
  const around = {
    fromMs: Math.max(0, first.atMs - copiesWithinMs),
    toMs: Math.min(lastMs, last.atMs + copiesWithinMs),
  };
  const copies = await ledger.timeline({ lock, ...around, limit: pageRowsMax });
  if (copies.kind !== "page") return ledgerFailure(copies);
  const ballots = new ShownBallots(eventsIn([...rows, ...copies.rows]).events);
  return rows.map((row) => {
    const decoded = decodedRow(row);
    const isCopy = decoded.kind === "event" && isOfRegister(decoded.event);
    return { row, shownBy: isCopy ? ballots.regionsOf(decoded.event.ballot) : [] };
  });
}
