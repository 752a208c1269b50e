import type { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import type { Tracer } from "@holdfast/base/tracer";
import type { AuditEvent } from "@holdfast/core/audit/event";
import type { HistoryOf } from "@holdfast/core/audit/history";
import { Compaction } from "../compaction.ts";
import { eventsTopic } from "../event-record.ts";
import type { EventLog, EventProducer, EventRecord } from "../ports/event-log.ts";
import type { ShardStore } from "../ports/shard-store.ts";
import { recordSpans } from "../record-spans.ts";
import { type Checkpoint, firstCheckpoint, type HistoryPosition } from "./checkpoint.ts";
import { CheckpointStore, type Checkpoints } from "./checkpoint-store.ts";
import { EventAppender } from "./event-appender.ts";
import { GapTeller } from "./gap-teller.ts";
import { HistoryReader } from "./history-reader.ts";
import type { JournalMetrics } from "./journal-metrics.ts";
import type { NoticeListener } from "./journal-notice.ts";
import type { Leadership } from "./leader-election.ts";
import { markEveryMs, writeTimeMarks } from "./time-marks.ts";

/** So much is written ahead at once, in appends: each has an answer of the log to wait for. */
const batchAppends = 4;
/** How long records wait for others to be appended together, in milliseconds. */
const lingerMs = 75;
/** After so long without records it is stored that all were appended, in milliseconds. */
const saveQuietMs = 200;
/** How often it is stored that nothing happened, in milliseconds. */
const saveIdleMs = 5_000;
/** The pause before a checkpoint that could not be read is read again, in milliseconds. */
const reloadMs = 1_000;

/** What a {@link JournalTenure} is made of. */
export interface JournalTenureOptions {
  readonly store: ShardStore;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly of: HistoryOf;
  readonly leadership: Leadership;
  /** See ShardJournalOptions. */
  readonly checkpoints?: Checkpoints;
  /** Cancelled when what was read is to be finished, and nothing more to be read. */
  readonly stopping: Cancellation;
  readonly metrics: JournalMetrics;
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer | undefined;
  readonly onNotice: NoticeListener;
  /** Told of the events of each revision, before the log has them. */
  readonly onEvents?: (events: readonly AuditEvent[]) => void;
}

/**
 * One leader's work on one shard: history is read from the checkpoint on, told to the log, and the
 * checkpoint moved behind what the log has acknowledged. While one batch is on its way to the log,
 * the next one is read, chained and written ahead.
 */
export class JournalTenure {
  readonly #options: JournalTenureOptions;
  readonly #checkpoints: Checkpoints;
  readonly #producer: EventProducer;
  readonly #appender: EventAppender;
  #saved: Checkpoint;
  #savedMs = 0;
  /** All up to there is in the log, stored or not. */
  #done: HistoryPosition;

  constructor(options: JournalTenureOptions) {
    this.#options = options;
    const { store, clock, log, leadership, onNotice, metrics, of } = options;
    this.#checkpoints =
      options.checkpoints ?? new CheckpointStore(store, clock, leadership.holds, onNotice);
    this.#producer = log.openProducer(eventsTopic);
    const { limits } = log;
    const onFailure = (reason: string): void => metrics.refusedAppend(of.shard, reason);
    const producer = this.#producer;
    this.#appender = new EventAppender({ producer, limits, clock, onNotice, onFailure });
    this.#saved = firstCheckpoint(of.cluster);
    this.#done = this.#saved.done;
  }

  /** Works until it is stopped, or another one leads. */
  async run(): Promise<void> {
    const { store, clock, leadership } = this.#options;
    const { lost } = leadership;
    if (await this.#takeOver()) {
      const compaction = new Compaction(store, clock, async () => this.#saved.done.revision);
      // Without a checkpoint in the shard, other journals and whoever compacts know nothing of us.
      if (this.#options.checkpoints === undefined) compaction.start();
      const marks = this.#writeMarks();
      await this.#work();
      compaction.stop();
      lost.cancel();
      await marks;
    }
    await this.#producer.close();
  }

  async #work(): Promise<void> {
    const { stopping, leadership } = this.#options;
    let isGap = this.#saved.gap !== undefined;
    while (!stopping.cancelled && !leadership.lost.cancelled) {
      if (isGap && !(await this.#tellGap())) return;
      isGap = (await this.#follow()) === "lost";
    }
  }

  /** Reads the checkpoint and writes it back: whoever wrote it before can write no more. */
  async #takeOver(): Promise<boolean> {
    const { clock, leadership, stopping, metrics, of } = this.#options;
    while (!leadership.lost.cancelled && !stopping.cancelled) {
      const loaded = await this.#checkpoints.load();
      if (loaded.kind === "loaded") {
        metrics.reread(of.shard);
        const checkpoint = loaded.checkpoint ?? this.#saved;
        this.#done = checkpoint.done;
        return this.#save(checkpoint);
      }
      this.#complainOf(loaded);
      await sleep(clock, reloadMs, leadership.lost);
    }
    return false;
  }

  /** Tells the log what comes, until history is `lost` or the work is `over`. */
  async #follow(): Promise<"lost" | "over"> {
    const reader = this.#openReader();
    const { stopping, leadership } = this.#options;
    const forget = [stopping, leadership.lost].map((each) => each.onCancel(() => reader.stop()));
    try {
      let appending = Promise.resolve(true);
      for (;;) {
        const taken = await reader.take(saveQuietMs);
        if (taken.kind === "batch") {
          const { records, end } = taken.batch;
          // Ahead of the append: see Checkpoint.
          if (records.length > 0 && !(await this.#saveIntended(end))) return "over";
          if (!(await appending)) return "over";
          appending = this.#append(records, end);
        } else if (!(await appending)) return "over";
        if (!(await this.#saveDone(taken.kind === "idle"))) return "over";
        if (taken.kind === "lost" || taken.kind === "stopped") {
          await this.#save({ ...this.#saved, done: this.#done });
          return taken.kind === "lost" ? "lost" : "over";
        }
      }
    } finally {
      reader.stop();
      for (const each of forget) each();
    }
  }

  #openReader(): HistoryReader {
    const { store, clock, of, log, metrics, onNotice, onEvents } = this.#options;
    const onContradiction = (revision: bigint): void => {
      metrics.contradiction(of.shard);
      const message =
        `revision ${revision} of ${of.region}/${of.shard}, read again, came to other records than ` +
        "before: some events stand in the log in two forms. Do two versions of the journal run?";
      onNotice({ level: "error", action: "contradiction", message });
    };
    return new HistoryReader({
      store,
      clock,
      of,
      from: this.#saved.done,
      known: this.#saved.intended,
      batchBytesMax: log.limits.appendBytesMax * batchAppends,
      lingerMs,
      ...(onEvents === undefined ? {} : { onEvents }),
      onReopen: () => metrics.reread(of.shard),
      onContradiction,
    });
  }

  async #append(records: readonly EventRecord[], end: HistoryPosition): Promise<boolean> {
    const { metrics, of, leadership, tracer } = this.#options;
    const spans = recordSpans(tracer, "journal append", records);
    const isDone = await this.#appender.append(records, leadership.lost);
    for (const span of spans) span.end(isDone ? "appended" : "cancelled");
    if (!isDone) return false;
    this.#done = end;
    if (records.length > 0) metrics.produced(of.shard, records.length);
    return true;
  }

  #saveIntended({ revision, head }: HistoryPosition): Promise<boolean> {
    const { intended } = this.#saved;
    const isAhead = head.sequence > intended.head.sequence;
    return this.#save({ done: this.#done, intended: isAhead ? { revision, head } : intended });
  }

  /** Stores what is done, where that is worth a write. */
  async #saveDone(isQuiet: boolean): Promise<boolean> {
    const { done, intended } = this.#saved;
    if (this.#done === done) return true;
    const isNews = isQuiet && this.#done.head.sequence !== done.head.sequence;
    const isDue = this.#options.clock.monotonicMs() - this.#savedMs >= saveIdleMs;
    return isNews || isDue ? this.#save({ done: this.#done, intended }) : true;
  }

  async #save(checkpoint: Checkpoint): Promise<boolean> {
    const { leadership, clock } = this.#options;
    const result = await this.#checkpoints.save(checkpoint, leadership.lost);
    if (result !== "saved") {
      leadership.lost.cancel();
      return false;
    }
    this.#saved = checkpoint;
    this.#savedMs = clock.monotonicMs();
    return true;
  }

  async #tellGap(): Promise<boolean> {
    const { leadership } = this.#options;
    const teller = new GapTeller({
      ...this.#options,
      lost: leadership.lost,
      save: (checkpoint) => this.#save(checkpoint),
      append: async (records) => {
        const isDone = await this.#appender.append(records, leadership.lost);
        if (isDone) this.#options.metrics.produced(this.#options.of.shard, records.length);
        return isDone;
      },
    });
    const told = await teller.tell(this.#saved);
    if (told !== undefined) this.#done = told.done;
    return told !== undefined;
  }

  #writeMarks(): Promise<void> {
    const { store, clock, leadership, metrics, of } = this.#options;
    const onMark = (markMs: number, revision: bigint | undefined): void => {
      const { bookmark, revision: doneAt } = this.#done;
      const ageMs = bookmark.markMs === 0 ? 0 : markMs - bookmark.markMs - markEveryMs;
      // A shard that takes no mark may have a history all the same: its age is what it may be.
      const revisions = revision === undefined ? undefined : revision - doneAt;
      metrics.backlog(of.shard, revisions, Math.max(0, ageMs));
    };
    const onSuperseded = (): void => leadership.lost.cancel();
    const isLeader = leadership.holds;
    return writeTimeMarks({ store, clock, isLeader, onMark, onSuperseded }, leadership.lost);
  }

  #complainOf(loaded: Exclude<Awaited<ReturnType<Checkpoints["load"]>>, { kind: "loaded" }>) {
    const { of, onNotice } = this.#options;
    const where = `${of.region}/${of.shard}`;
    const message =
      loaded.kind === "unreadable"
        ? `the checkpoint of ${where} (m/journal) is a newer version's, or damaged: nothing of the ` +
          "shard is told until this journal is one that can read it"
        : `the checkpoint of ${where} cannot be read: ${loaded.message}`;
    const level = loaded.kind === "unreadable" ? "error" : "warn";
    onNotice({ level, action: `checkpoint-${loaded.kind}`, message, repeats: true });
  }
}
