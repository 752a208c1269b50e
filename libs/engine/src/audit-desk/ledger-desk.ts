import type { Cancellation } from "@holdfast/base/cancellation";
import type { Clock } from "@holdfast/base/clock";
import { type Failure, isFailure } from "@holdfast/base/failure";
import type { LockId } from "@holdfast/core/lock/lock-id";
import type { Archive } from "../ports/archive.ts";
import type {
  ArchivedAsked,
  ArchivedPage,
  AtAnswer,
  AuditDesk,
  ContendedAnswer,
  ExportAnswer,
  ExportedRecord,
  ExportQuery,
  RecordsPage,
  SessionAsked,
  TailBatch,
  TailQuery,
  TimelineAsked,
  VerifyProgress,
  VerifyQuery,
} from "../ports/audit-desk.ts";
import type { Ledger, Window } from "../ports/ledger.ts";
import { RecordExport } from "./export-record.ts";
import { beyondOf, hotFromMs, openDays } from "./hot-window.ts";
import { ledgerFailure } from "./ledger-failure.ts";
import { lockAt } from "./lock-at.ts";
import { lockTimeline, sessionRecords } from "./lock-records.ts";
import { ObjectReader } from "./object-reader.ts";
import { RecordTail } from "./tail-record.ts";
import { verifyRecord } from "./verify-record.ts";

/** What the record is asked by. */
export interface LedgerDeskOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Where older records lie; left out, they can be told of and not be read. */
  readonly archive?: Archive;
  /** For a ledger that forgets: the highest number of a chain that it has forgotten, or 0. */
  readonly forgottenOf?: (cluster: string) => bigint;
  /** How often a tail looks for more, in ms; 300 if left out. */
  readonly pollMs?: number;
  /** How long a record that those behind it have overtaken may take, in ms; 5,000 if left out. */
  readonly arrivalMs?: number;
}

/** How often a tail looks for chains that are new. */
const chainsMs = 5_000;

/** Answers from a ledger. */
export class LedgerDesk implements AuditDesk {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #objects: ObjectReader | undefined;
  readonly #forgottenOf: (cluster: string) => bigint;
  readonly #pollMs: number;
  readonly #arrivalMs: number;

  constructor(options: LedgerDeskOptions) {
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#objects = options.archive && new ObjectReader(options.archive, options.clock);
    this.#forgottenOf = options.forgottenOf ?? (() => 0n);
    this.#pollMs = options.pollMs ?? 300;
    this.#arrivalMs = options.arrivalMs ?? 5_000;
  }

  tail(
    query: TailQuery,
    onBatch: (batch: TailBatch) => Promise<void>,
    cancellation: Cancellation,
  ): Promise<Failure | undefined> {
    const pace = { pollMs: this.#pollMs, chainsMs, arrivalMs: this.#arrivalMs };
    const tools = { ledger: this.#ledger, clock: this.#clock, ...pace };
    return new RecordTail(tools, query).run(onBatch, cancellation);
  }

  timeline(query: TimelineAsked, cancellation: Cancellation): Promise<RecordsPage | Failure> {
    return lockTimeline(this.#ledger, query, cancellation);
  }

  at(lock: LockId, atMs: number, cancellation: Cancellation): Promise<AtAnswer | Failure> {
    return lockAt(this.#ledger, lock, atMs, cancellation);
  }

  session(query: SessionAsked, cancellation: Cancellation): Promise<RecordsPage | Failure> {
    return sessionRecords(this.#ledger, query, cancellation);
  }

  async contended(window: Window & { readonly limit: number }): Promise<ContendedAnswer | Failure> {
    const found = await this.#ledger.contended(window);
    if (found.kind !== "contended") return ledgerFailure(found);
    const beyond = await beyondOf(this.#ledger, window);
    return isFailure(beyond) ? beyond : { ...found, beyond };
  }

  verify(
    query: VerifyQuery,
    onProgress: (progress: VerifyProgress) => Promise<void>,
    cancellation: Cancellation,
  ): Promise<Failure | undefined> {
    const tools = {
      ledger: this.#ledger,
      clock: this.#clock,
      forgottenOf: this.#forgottenOf,
      arrivalMs: this.#arrivalMs,
      objects: this.#objects,
    };
    return verifyRecord(tools, query, onProgress, cancellation);
  }

  export(
    query: ExportQuery,
    onRecords: (records: readonly ExportedRecord[]) => Promise<void>,
    cancellation: Cancellation,
  ): Promise<ExportAnswer | Failure> {
    const tools = { ledger: this.#ledger, objects: this.#objects };
    return new RecordExport(tools, query, onRecords, cancellation).run();
  }

  async archived({ pageSize, pageToken, ...days }: ArchivedAsked): Promise<ArchivedPage | Failure> {
    const after = pageToken === "" ? {} : { after: pageToken };
    const page = await this.#ledger.archived({ ...days, limit: pageSize, ...after });
    if (page.kind !== "list") return ledgerFailure(page);
    const open = await openDays(this.#ledger);
    if (isFailure(open)) return open;
    const nextPageToken = page.next ?? "";
    const hotMs = hotFromMs(open.days);
    return { kind: "archived", objects: page.items, nextPageToken, hotFromMs: hotMs };
  }
}
