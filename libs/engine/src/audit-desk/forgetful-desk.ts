import type { Cancellation } from "@holdfast/base/cancellation";
import { type Failure, isFailure } from "@holdfast/base/failure";
import type { LockId } from "@holdfast/core/lock/lock-id";
import type {
  ArchivedAsked,
  ArchivedPage,
  AtAnswer,
  AuditDesk,
  Beyond,
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
import type { Window } from "../ports/ledger.ts";

/**
 * Answers about a record that begins at some time, and later as it forgets: says so wherever
 * somebody asks about the time before, so that what is not known is not taken for what was not.
 */
export class ForgetfulDesk implements AuditDesk {
  readonly #desk: AuditDesk;
  readonly #beginsAtMs: () => number;

  /** `beginsAtMs`: from when on the record has everything, by now. */
  constructor(desk: AuditDesk, beginsAtMs: () => number) {
    this.#desk = desk;
    this.#beginsAtMs = beginsAtMs;
  }

  tail(
    query: TailQuery,
    onBatch: (batch: TailBatch) => Promise<void>,
    cancellation: Cancellation,
  ): Promise<Failure | undefined> {
    return this.#desk.tail(query, onBatch, cancellation);
  }

  async timeline(query: TimelineAsked, cancellation: Cancellation): Promise<RecordsPage | Failure> {
    return this.#honest(await this.#desk.timeline(query, cancellation), query.fromMs);
  }

  async at(lock: LockId, atMs: number, cancellation: Cancellation): Promise<AtAnswer | Failure> {
    const answer = await this.#desk.at(lock, atMs, cancellation);
    if (isFailure(answer) || atMs >= this.#beginsAtMs()) return answer;
    return this.#honest({ ...answer, isComplete: false }, atMs);
  }

  async session(query: SessionAsked, cancellation: Cancellation): Promise<RecordsPage | Failure> {
    return this.#honest(await this.#desk.session(query, cancellation), 0);
  }

  async contended(window: Window & { readonly limit: number }): Promise<ContendedAnswer | Failure> {
    return this.#honest(await this.#desk.contended(window), window.fromMs);
  }

  verify(
    query: VerifyQuery,
    onProgress: (progress: VerifyProgress) => Promise<void>,
    cancellation: Cancellation,
  ): Promise<Failure | undefined> {
    // Journals of another record may have left heads in the shards: this one numbers its own.
    return this.#desk.verify({ ...query, written: [] }, onProgress, cancellation);
  }

  async export(
    query: ExportQuery,
    onRecords: (records: readonly ExportedRecord[]) => Promise<void>,
    cancellation: Cancellation,
  ): Promise<ExportAnswer | Failure> {
    return this.#honest(await this.#desk.export(query, onRecords, cancellation), query.fromMs);
  }

  async archived(query: ArchivedAsked): Promise<ArchivedPage | Failure> {
    const page = await this.#desk.archived(query);
    if (isFailure(page) || page.hotFromMs === undefined) return page;
    // The first day that is there may lack its beginning.
    return { ...page, hotFromMs: Math.max(page.hotFromMs, this.#beginsAtMs()) };
  }

  #honest<Answer extends { readonly kind: string; readonly beyond: Beyond }>(
    answer: Answer | Failure,
    fromMs: number,
  ): Answer | Failure {
    const beginsAtMs = this.#beginsAtMs();
    if (isFailure(answer) || fromMs >= beginsAtMs) return answer;
    return { ...answer, beyond: { ...answer.beyond, beginsAtMs } };
  }
}
