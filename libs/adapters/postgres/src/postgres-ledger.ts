import {
  badCursor,
  invalid,
  listReply,
  otherArchived,
  pageReply,
} from "@holdfast/engine/ledger-answers";
import {
  archivedCursor,
  chainCursor,
  parkedCursor,
  readArchivedCursor,
  readChainCursor,
  readParkedCursor,
  readTimeCursor,
  readViolationCursor,
  timeCursor,
  violationCursor,
} from "@holdfast/engine/ledger-cursor";
import {
  archivedProblem,
  batchProblem,
  daysProblem,
  limitProblem,
  lockProblem,
  parkedProblem,
  violationProblem,
  windowProblem,
} from "@holdfast/engine/ledger-limits";
import {
  type AppendReply,
  type ArchivedQuery,
  auditGapKind,
  type ChainQuery,
  type ContendedQuery,
  type ContendedReply,
  type DaysQuery,
  type DaysReply,
  type DropReply,
  type GapsQuery,
  type HeadReply,
  type Ledger,
  type LedgerRow,
  type ListReply,
  type LockBeforeQuery,
  type NotDone,
  type PageReply,
  type ParkedQuery,
  type RecordReply,
  type SessionQuery,
  type TimelineQuery,
  type ViolationsQuery,
} from "@holdfast/engine/ports/ledger";
import {
  type ArchivedPart,
  type ParkedRecord,
  parkedRowsMax,
  type Violation,
} from "@holdfast/engine/ports/ledger-records";
import type pg from "pg";
import { type Appended, appendRows, conflictsOf, inWritingOrder } from "./append-rows.ts";
import { insertArchived, selectArchived, standsThere } from "./archived-rows.ts";
import { type ConnectionLimits, Connections, inTransaction, type Worked } from "./connections.ts";
import { listDays } from "./day-list.ts";
import { isDayMissing } from "./failure.ts";
import { NameNumbers } from "./name-numbers.ts";
import { dropDay, holdOpen, OpenDays } from "./open-days.ts";
import { insertParked, selectParked } from "./parked-rows.ts";
import { namesOf } from "./row-codec.ts";
import {
  chainQuestion,
  contendedLocks,
  gapsQuestion,
  headRow,
  lockBeforeQuestion,
  type NumberedPlace,
  type RowsQuestion,
  rowsFor,
  sessionQuestion,
  startOf,
  timelineQuestion,
} from "./row-pages.ts";
import { insertViolations, selectViolations } from "./violation-rows.ts";

/** The audit's hot store in a Postgres database whose schema is the one this code knows. */
export class PostgresLedger implements Ledger {
  readonly #connections: Connections;
  readonly #names = new NameNumbers();
  readonly #openDays = new OpenDays();

  /** Connects with the first call; {@link connectPostgresLedger} checks the database first. */
  constructor(url: string, limits: ConnectionLimits = {}) {
    this.#connections = new Connections(url, limits, () => {
      this.#names.forget();
      this.#openDays.forget();
    });
  }

  async append(rows: readonly LedgerRow[]): Promise<AppendReply> {
    const problem = batchProblem(rows);
    if (problem !== undefined) return invalid(problem);
    if (rows.length === 0) return { kind: "appended", added: 0, conflicts: [], lateDays: [] };
    const ordered = inWritingOrder(rows);
    const done = await this.#connections.change({
      prepare: async (client) => {
        await this.#openDays.open(client, daysOf(ordered));
        return this.#names.give(client, namesOf(rows));
      },
      make: (client, numbers) => this.#append(client, ordered, numbers),
      look: async (client, { added, late }, numbers) => {
        const conflicts = added === rows.length ? [] : await conflictsOf(client, ordered, numbers);
        return { added, conflicts, lateDays: late };
      },
    });
    return done.kind === "done" ? { kind: "appended", ...done.value } : done;
  }

  async timeline(query: TimelineQuery): Promise<PageReply> {
    const problem = lockProblem(query.lock) ?? windowProblem(query) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    return this.#pageInTime("timeline", query, startOf(query.fromMs), (behind) =>
      timelineQuestion(query, behind),
    );
  }

  async lockBefore(query: LockBeforeQuery): Promise<PageReply> {
    const { lock, atMs } = query;
    const problem =
      lockProblem(lock) ?? windowProblem({ fromMs: 0, toMs: atMs }) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    return this.#pageInTime("before", query, startOf(atMs + 1), (behind) =>
      lockBeforeQuestion(query, behind),
    );
  }

  async session(query: SessionQuery): Promise<PageReply> {
    const problem = limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    return this.#pageInTime("session", query, startOf(0), (behind) =>
      sessionQuestion(query.session, behind, query.limit),
    );
  }

  async gaps(query: GapsQuery): Promise<PageReply> {
    const problem = windowProblem(query) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    return this.#pageInTime("gaps", query, startOf(query.fromMs), async (behind, client) => {
      const numbers = await this.#names.find(client, new Set([auditGapKind]));
      return gapsQuestion(numbers.get(auditGapKind) ?? 0, query, behind);
    });
  }

  async chain(query: ChainQuery): Promise<PageReply> {
    const { cluster, day, fromSequence = 0n, limit, after } = query;
    const problem = daysProblem([day]) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    const behind = after === undefined ? undefined : readChainCursor(after);
    if (after !== undefined && behind === undefined) return badCursor();
    const first = { sequence: fromSequence, revision: 0n, index: -1 };
    const start = behind === undefined || behind.sequence < fromSequence ? first : behind;
    const found = await this.#connections.read(async (client) => {
      const numbers = await this.#names.find(client, new Set([cluster]));
      const question = chainQuestion(numbers.get(cluster) ?? 0, day, start, limit);
      return rowsFor(client, this.#names, question);
    });
    return found.kind === "done" ? pageReply(found.value, limit, chainCursor) : found;
  }

  async head(cluster: string): Promise<HeadReply> {
    return unwrapped(
      await this.#connections.read((client) => headRow(client, this.#names, cluster)),
    );
  }

  async contended(query: ContendedQuery): Promise<ContendedReply> {
    const problem = windowProblem(query) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    const found = await this.#connections.read((client) => contendedLocks(client, query));
    return found.kind === "done" ? { kind: "contended", locks: found.value } : found;
  }

  async openDays(days: readonly string[]): Promise<{ readonly kind: "opened" } | NotDone> {
    const problem = daysProblem(days);
    if (problem !== undefined) return invalid(problem);
    const done = await this.#connections.write((client) => this.#openDays.open(client, days));
    return done.kind === "done" ? { kind: "opened" } : done;
  }

  async days(query: DaysQuery): Promise<DaysReply> {
    const problem = daysProblem([query.fromDay, query.toDay]) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    const found = await this.#connections.read((client) => listDays(client, query));
    return found.kind === "done" ? { kind: "days", days: found.value } : found;
  }

  async dropDay(day: string, rows: number): Promise<DropReply> {
    const problem = daysProblem([day]);
    if (problem !== undefined) return invalid(problem);
    this.#openDays.forget();
    const done = await this.#connections.transaction((client) => dropDay(client, day, rows));
    this.#openDays.forget();
    if (done.kind !== "done") return done;
    const found = done.value ?? rows;
    return found === rows ? { kind: "dropped" } : { kind: "changed", rows: found };
  }

  async recordViolations(violations: readonly Violation[]): Promise<RecordReply> {
    const problem = violations.map(violationProblem).find((each) => each !== undefined);
    if (problem !== undefined) return invalid(problem);
    const done = await this.#connections.transaction((client) =>
      insertViolations(client, violations),
    );
    return done.kind === "done" ? { kind: "recorded" } : done;
  }

  async violations(query: ViolationsQuery): Promise<ListReply<Violation>> {
    const problem = windowProblem(query) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    const { after, limit } = query;
    const behind = after === undefined ? undefined : readViolationCursor(after);
    if (after !== undefined && behind === undefined) return badCursor();
    const found = await this.#connections.read((client) => selectViolations(client, query, behind));
    return found.kind === "done" ? listReply(found.value, limit, violationCursor) : found;
  }

  async park(records: readonly ParkedRecord[]): Promise<RecordReply> {
    const problem = parkedProblem(records);
    if (problem !== undefined) return invalid(problem);
    const done = await this.#connections.write((client) => insertParked(client, records));
    return done.kind === "done" ? { kind: "recorded" } : done;
  }

  async parked({ limit, after }: ParkedQuery): Promise<ListReply<ParkedRecord>> {
    const problem = limitProblem({ limit }, parkedRowsMax);
    if (problem !== undefined) return invalid(problem);
    const behind = after === undefined ? undefined : readParkedCursor(after);
    if (after !== undefined && behind === undefined) return badCursor();
    const found = await this.#connections.read((client) => selectParked(client, limit, behind));
    return found.kind === "done" ? listReply(found.value, limit, parkedCursor) : found;
  }

  async recordArchived(part: ArchivedPart): Promise<RecordReply> {
    const problem = archivedProblem(part);
    if (problem !== undefined) return invalid(problem);
    const done = await this.#connections.change({
      prepare: async () => {},
      make: (client) => insertArchived(client, part),
      look: (client) => standsThere(client, part),
    });
    if (done.kind !== "done") return done;
    return done.value ? { kind: "recorded" } : otherArchived(part);
  }

  async archived(query: ArchivedQuery): Promise<ListReply<ArchivedPart>> {
    const problem = daysProblem([query.fromDay, query.toDay]) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    const { after, limit } = query;
    const behind = after === undefined ? undefined : readArchivedCursor(after);
    if (after !== undefined && behind === undefined) return badCursor();
    const found = await this.#connections.read((client) => selectArchived(client, query, behind));
    return found.kind === "done" ? listReply(found.value, limit, archivedCursor) : found;
  }

  /** Ends all connections; calls under way are answered first. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  /** A day that is dropped between its opening and the statement is opened and held open. */
  async #append(
    client: pg.ClientBase,
    rows: readonly LedgerRow[],
    numbers: ReadonlyMap<string, number>,
  ): Promise<Appended> {
    try {
      return await appendRows(client, rows, numbers);
    } catch (error) {
      if (!isDayMissing(error)) throw error;
    }
    this.#openDays.forget();
    return inTransaction(client, async () => {
      await holdOpen(client, daysOf(rows));
      return appendRows(client, rows, numbers);
    });
  }

  async #pageInTime(
    kind: "timeline" | "before" | "session" | "gaps",
    { limit, after }: { readonly limit: number; readonly after?: string },
    start: NumberedPlace,
    questionBehind: (
      place: NumberedPlace,
      client: pg.ClientBase,
    ) => RowsQuestion | Promise<RowsQuestion>,
  ): Promise<PageReply> {
    const place = after === undefined ? undefined : readTimeCursor(kind, after);
    if (after !== undefined && place === undefined) return badCursor();
    const found = await this.#connections.read(async (client) => {
      if (place === undefined) {
        return rowsFor(client, this.#names, await questionBehind(start, client));
      }
      const { cluster, ...rest } = place;
      const numbers = await this.#names.find(client, new Set([cluster]));
      const clusterNumber = numbers.get(cluster);
      if (clusterNumber === undefined) return undefined;
      const question = await questionBehind({ ...rest, clusterNumber }, client);
      return rowsFor(client, this.#names, question);
    });
    if (found.kind !== "done") return found;
    if (found.value === undefined) return badCursor();
    return pageReply(found.value, limit, (row) => timeCursor(kind, row));
  }
}

function daysOf(rows: readonly LedgerRow[]): Set<string> {
  return new Set(rows.map((row) => row.day));
}

function unwrapped<Value>(worked: Worked<Value>): Value | NotDone {
  return worked.kind === "done" ? worked.value : worked;
}
