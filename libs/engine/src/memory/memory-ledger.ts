import { compareBytes, utf8 } from "@holdfast/base/bytes";
import { lockKey } from "@holdfast/core/lock/lock-id";
import { badCursor, invalid, noSpace, pageReply } from "../ledger-answers.ts";
import {
  chainCursor,
  readChainCursor,
  readTimeCursor,
  type TimePlace,
  timeCursor,
} from "../ledger-cursor.ts";
import {
  batchProblem,
  daysProblem,
  limitProblem,
  lockProblem,
  windowProblem,
} from "../ledger-limits.ts";
import { parkedLink } from "../parked-link.ts";
import type {
  AppendReply,
  ArchivedQuery,
  ChainQuery,
  ContendedQuery,
  ContendedReply,
  DaysQuery,
  DaysReply,
  DropReply,
  GapsQuery,
  HeadReply,
  Ledger,
  LedgerRow,
  ListReply,
  LockBeforeQuery,
  NotDone,
  PageReply,
  ParkedQuery,
  RecordReply,
  RowConflict,
  SessionQuery,
  TimelineQuery,
  ViolationsQuery,
} from "../ports/ledger.ts";
import type { ArchivedPart, ParkedRecord, Violation } from "../ports/ledger-records.ts";
import { lastMs } from "../utc-day.ts";
import { LedgerDays } from "./ledger-days.ts";
import { inTime, LedgerRows, type PlacedRow, type RowsInTime } from "./ledger-rows.ts";
import { MemoryRecords, type RecordBounds, type WhenFull } from "./memory-records.ts";

/** Rows are kept in full: this many take some hundred megabytes. */
const rowsMaxDefault = 500_000;

/** The audit's hot store in memory: the same answers to the same questions (test/contract). */
export class MemoryLedger implements Ledger {
  readonly #rows = new LedgerRows();
  readonly #days = new LedgerDays();
  readonly #records: MemoryRecords;
  readonly #rowsMax: number;
  readonly #whenFull: WhenFull;
  readonly #forgotten = new Map<string, bigint>();
  #forgottenToMs = 0;
  /** Whether the space is used up: rows that are not there yet are refused. */
  noSpace = false;

  /**
   * `rowsMax`: with more rows there is no space; or, where it `forgets`, those that came first make
   * room, a twentieth of all at once. The same goes for what it keeps beside them, by `bounds`.
   */
  constructor(
    options: {
      readonly rowsMax?: number;
      readonly whenFull?: WhenFull;
      readonly bounds?: RecordBounds;
    } = {},
  ) {
    this.#rowsMax = options.rowsMax ?? rowsMaxDefault;
    this.#whenFull = options.whenFull ?? "refuses";
    this.#records = new MemoryRecords(this.#whenFull, options.bounds);
  }

  /** Of each chain the highest number that was forgotten; nothing of the others was. */
  get forgotten(): ReadonlyMap<string, bigint> {
    return this.#forgotten;
  }

  /** The time of the latest row that was forgotten; 0: none was. */
  get forgottenToMs(): number {
    return this.#forgottenToMs;
  }

  async append(rows: readonly LedgerRow[]): Promise<AppendReply> {
    const problem = batchProblem(rows);
    if (problem !== undefined) return invalid(problem);
    const fresh = new Map<string, LedgerRow>();
    const conflicts: RowConflict[] = [];
    for (const row of rows) {
      const key = `${row.day}/${row.cluster}/${row.revision}/${row.index}`;
      const stored = this.#days.row(row.day, key) ?? fresh.get(key);
      if (stored === undefined) fresh.set(key, row);
      else if (compareBytes(stored.hash, row.hash) !== 0) conflicts.push(conflict(stored, row));
    }
    const refuses = this.#whenFull === "refuses";
    const isFull = refuses && this.#days.rows + fresh.size > this.#rowsMax;
    if (fresh.size > 0 && (this.noSpace || isFull)) {
      return noSpace();
    }
    const lateDays = new Set<string>();
    for (const [key, row] of fresh) {
      this.#days.add(key, row);
      this.#rows.insert(row);
      if (this.#days.wasDropped(row.day)) lateDays.add(row.day);
    }
    // Afterwards: a batch may have more rows than are kept, and would find no room for ever.
    this.#makeRoom();
    return { kind: "appended", added: fresh.size, conflicts, lateDays: [...lateDays].sort() };
  }

  async timeline(query: TimelineQuery): Promise<PageReply> {
    const problem = lockProblem(query.lock) ?? windowProblem(query) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    return this.#inTime("timeline", this.#rows.ofLock(query.lock), query);
  }

  async session(query: SessionQuery): Promise<PageReply> {
    const problem = limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    const everything = { ...query, fromMs: 0, toMs: lastMs };
    return this.#inTime("session", this.#rows.ofSession(query.session), everything);
  }

  async gaps(query: GapsQuery): Promise<PageReply> {
    const problem = windowProblem(query) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    return this.#inTime("gaps", this.#rows.gaps, query);
  }

  async lockBefore(query: LockBeforeQuery): Promise<PageReply> {
    const { lock, atMs, limit, after } = query;
    const problem =
      lockProblem(lock) ?? windowProblem({ fromMs: 0, toMs: atMs }) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    const rows = this.#rows.ofLock(lock);
    let end = rows.firstWhere(({ row }) => row.atMs > atMs);
    if (after !== undefined) {
      const behind = this.#place(readTimeCursor("before", after));
      if (behind === undefined) return badCursor();
      end = Math.min(
        end,
        rows.firstWhere((each) => inTime(each, behind) >= 0),
      );
    }
    const found = rows.between(Math.max(0, end - limit - 1), end).reverse();
    return page(found, limit, (row) => timeCursor("before", row));
  }

  async chain(query: ChainQuery): Promise<PageReply> {
    const { cluster, day, fromSequence = 0n, limit, after } = query;
    const problem = daysProblem([day]) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    const behind = after === undefined ? undefined : readChainCursor(after);
    if (after !== undefined && behind === undefined) return badCursor();
    const rows = this.#rows.ofCluster(cluster);
    const start = rows.firstWhere(({ row }) => {
      if (row.sequence < fromSequence) return false;
      if (behind === undefined || row.sequence > behind.sequence) return true;
      if (row.sequence < behind.sequence || row.revision < behind.revision) return false;
      return row.revision > behind.revision || row.index > behind.index;
    });
    const rest = rows.between(start, rows.size);
    const found = day === undefined ? rest : rest.filter(({ row }) => row.day === day);
    return page(found, limit, chainCursor);
  }

  async head(cluster: string): Promise<HeadReply> {
    const last = this.#rows.ofCluster(cluster).last();
    return last === undefined ? { kind: "head" } : { kind: "head", row: last.row };
  }

  async contended(query: ContendedQuery): Promise<ContendedReply> {
    const problem = windowProblem(query) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    const waiting = this.#rows.waiting;
    const found = waiting.between(
      waiting.firstWhere(({ row }) => row.atMs >= query.fromMs),
      waiting.firstWhere(({ row }) => row.atMs > query.toMs),
    );
    const grants = new Map<string, { row: LedgerRow; ids: Set<string | undefined> }>();
    for (const { row } of found) {
      if (row.lock === undefined) continue;
      const key = lockKey(row.lock);
      const ofLock = grants.get(key) ?? { row, ids: new Set() };
      grants.set(key, ofLock);
      ofLock.ids.add(row.grantId);
    }
    const locks = [...grants.values()]
      .flatMap(({ row: { lock }, ids }) =>
        lock === undefined ? [] : [{ lock, waiters: ids.size }],
      )
      .sort(
        (left, right) =>
          right.waiters - left.waiters ||
          compareText(left.lock.region, right.lock.region) ||
          compareText(left.lock.namespace, right.lock.namespace) ||
          compareText(left.lock.name, right.lock.name),
      );
    return { kind: "contended", locks: locks.slice(0, query.limit) };
  }

  async openDays(days: readonly string[]): Promise<{ readonly kind: "opened" } | NotDone> {
    const problem = daysProblem(days);
    if (problem !== undefined) return invalid(problem);
    for (const day of days) this.#days.open(day);
    return { kind: "opened" };
  }

  async days(query: DaysQuery): Promise<DaysReply> {
    const problem = daysProblem([query.fromDay, query.toDay]) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    return { kind: "days", days: this.#days.list(query) };
  }

  async dropDay(day: string, rows: number): Promise<DropReply> {
    const problem = daysProblem([day]);
    if (problem !== undefined) return invalid(problem);
    const there = this.#days.rowsOf(day);
    if (there === undefined) return { kind: "dropped" };
    if (there !== rows) return { kind: "changed", rows: there };
    this.#days.drop(day);
    this.#rows.remove((row) => row.day === day);
    return { kind: "dropped" };
  }

  async recordViolations(violations: readonly Violation[]): Promise<RecordReply> {
    return this.#records.addViolations(violations);
  }

  async violations(query: ViolationsQuery): Promise<ListReply<Violation>> {
    return this.#records.violations(query);
  }

  async park(records: readonly ParkedRecord[]): Promise<RecordReply> {
    return this.#records.addParked(records, (record) => {
      const link = parkedLink(record);
      if (link !== undefined) this.#forget(link);
    });
  }

  async parked(query: ParkedQuery): Promise<ListReply<ParkedRecord>> {
    return this.#records.parked(query);
  }

  async recordArchived(part: ArchivedPart): Promise<RecordReply> {
    return this.#records.addArchived(part);
  }

  async archived(query: ArchivedQuery): Promise<ListReply<ArchivedPart>> {
    return this.#records.archived(query);
  }

  #makeRoom(): void {
    const over = this.#days.rows - this.#rowsMax;
    if (over <= 0) return;
    const gone = new Set(this.#days.takeOldest(Math.max(over, Math.ceil(this.#rowsMax / 20))));
    this.#rows.remove((row) => gone.has(row));
    for (const row of gone) {
      this.#forget(row);
      this.#forgottenToMs = Math.max(this.#forgottenToMs, row.atMs);
    }
  }

  #forget({ cluster, sequence }: { readonly cluster: string; readonly sequence: bigint }): void {
    const last = this.#forgotten.get(cluster) ?? 0n;
    if (sequence > last) this.#forgotten.set(cluster, sequence);
  }

  #inTime(
    kind: "timeline" | "session" | "gaps",
    rows: RowsInTime,
    query: Omit<TimelineQuery, "lock">,
  ): PageReply {
    let start = rows.firstWhere(({ row }) => row.atMs >= query.fromMs);
    if (query.after !== undefined) {
      const behind = this.#place(readTimeCursor(kind, query.after));
      if (behind === undefined) return badCursor();
      start = Math.max(
        start,
        rows.firstWhere((each) => inTime(each, behind) > 0),
      );
    }
    const end = rows.firstWhere(({ row }) => row.atMs > query.toMs);
    const found = rows.between(start, Math.min(end, start + query.limit + 1));
    return page(found, query.limit, (row) => timeCursor(kind, row));
  }

  /** A place as a row that has it; undefined where its cluster was never seen. */
  #place(place: TimePlace | undefined): PlacedRow | undefined {
    const clusterNumber = place && this.#rows.clusterNumber(place.cluster);
    return clusterNumber === undefined ? undefined : { row: place as LedgerRow, clusterNumber };
  }
}

/** `found`: more than the limit where there is more. */
function page(
  found: readonly PlacedRow[],
  limit: number,
  cursorBehind: (row: LedgerRow) => string,
): PageReply {
  const rows = found.slice(0, limit + 1).map(({ row }) => row);
  return pageReply(rows, limit, cursorBehind);
}

function conflict(stored: LedgerRow, given: LedgerRow): RowConflict {
  const { day, cluster, revision, index } = given;
  const identity = { day, cluster, revision, index };
  return { identity, storedHash: stored.hash, givenHash: given.hash };
}

function compareText(left: string, right: string): number {
  return compareBytes(utf8(left), utf8(right));
}
