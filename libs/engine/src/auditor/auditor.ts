import { Cancellation } from "@holdfast/base/cancellation";
import type { Clock } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";
import type { Tracer } from "@holdfast/base/tracer";
import { eventsTopic } from "../event-record.ts";
import type { EventBatch, EventConsumer, EventLog } from "../ports/event-log.ts";
import type { Ledger } from "../ports/ledger.ts";
import type { Violation } from "../ports/ledger-records.ts";
import type { Meter } from "../ports/meter.ts";
import { recordSpans } from "../record-spans.ts";
import { AuditorCounts } from "./auditor-counts.ts";
import type { AuditorListener, Waited } from "./auditor-news.ts";
import { keepDaysOpen } from "./day-opener.ts";
import { LedgerWriter, type StoredEvents } from "./ledger-writer.ts";
import { attemptUntilDone, type WaitListener } from "./patience.ts";
import { type ReadEvent, readRecord, type Unread } from "./read-batch.ts";
import { SafetyWatch } from "./safety-watch.ts";

/** What an auditor is made of. */
export interface AuditorOptions {
  readonly log: EventLog;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly meter: Meter;
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer | undefined;
  readonly listener: AuditorListener;
  /** The members that share the topic; {@link auditorGroup} if left out. */
  readonly group?: string;
  /** How many locks its checkers remember, in all; see SafetyWatch. */
  readonly locksMax?: number;
}

/** The group of all auditors of an installation. */
export const auditorGroup = "holdfast.auditor";
/** A lock that is remembered takes about a kilobyte. */
const locksMaxDefault = 200_000;
/** How long one look at the log waits, in ms. */
const lookMs = 1_000;

/** A batch as it was read. */
interface ReadBatch {
  readonly events: readonly ReadEvent[];
  readonly unread: readonly Unread[];
  readonly violations: readonly Violation[];
}

/**
 * Brings the events from the log into the ledger, and replays them for the safety of locks.
 *
 * A batch is committed only when all of it lies in the ledger: its rows, what of it was parked, and
 * what was found. Whoever dies before has it read again, and rows that are there are not added
 * again. Nothing is left out for want of a ledger: the auditor waits, and the log keeps what comes.
 */
export class Auditor {
  readonly #options: AuditorOptions;
  readonly #counts: AuditorCounts;
  readonly #watch: SafetyWatch;
  readonly #writer: LedgerWriter;
  readonly #stopped = new Cancellation();
  readonly #waiting = new Map<Waited, string>();
  #running: Promise<unknown> | undefined;

  constructor(options: AuditorOptions) {
    const { ledger, clock, meter, locksMax = locksMaxDefault } = options;
    this.#options = options;
    this.#counts = new AuditorCounts(meter);
    this.#watch = new SafetyWatch({ locksMax, onRestart: () => this.#counts.restarts.add(1) });
    const stopped = this.#stopped;
    this.#writer = new LedgerWriter({ ledger, clock, stopped, waits: this.#waits("ledger") });
  }

  /** Joins the group and goes on until it is stopped. */
  start(): void {
    invariant(this.#running === undefined, "an auditor is started once");
    const { ledger, clock } = this.#options;
    this.#running = Promise.all([this.#run(), keepDaysOpen(ledger, clock, this.#stopped)]);
  }

  /** Leaves the group; what is not stored by then comes again to another member. */
  async stop(): Promise<void> {
    this.#stopped.cancel();
    await this.#running;
  }

  /** What it waits for, for people; undefined while it goes on. */
  get trouble(): string | undefined {
    const [first] = this.#waiting;
    return first === undefined ? undefined : `waits for the ${first[0]}: ${first[1]}`;
  }

  async #run(): Promise<void> {
    const { log, group = auditorGroup } = this.#options;
    const consumer = log.openConsumer(group, [eventsTopic]);
    // While it waits for records it would not hear of the end.
    let closing: Promise<void> | undefined;
    this.#stopped.onCancel(() => {
      closing = consumer.close();
    });
    const waits = this.#waits("log");
    while (!this.#stopped.cancelled) {
      const reply = await consumer.next(lookMs);
      if (reply.kind === "unavailable") waits.onWait(reply.message);
      else waits.onDone();
      if (reply.kind === "assigned") this.#assign(reply.partitions);
      if (reply.kind === "records") await this.#take(consumer, reply.batch);
    }
    await closing;
  }

  #assign(partitions: readonly string[]): void {
    this.#watch.assign(partitions);
    this.#counts.partitions.set(partitions.length);
    this.#options.listener({ kind: "assigned", partitions });
  }

  async #take(consumer: EventConsumer, batch: EventBatch): Promise<void> {
    const read = this.#read(batch);
    const spans = recordSpans(this.#options.tracer, "auditor store", batch.records);
    const stored = await this.#writer.store(read.events);
    for (const span of spans) span.end(stored === undefined ? "cancelled" : "stored");
    if (stored === undefined) return;
    const parked = await this.#writer.park([...read.unread, ...stored.unread]);
    if (parked === undefined) return;
    if ((await this.#writer.record(read.violations)) === undefined) return;
    this.#tell(read, stored);
    for (const { reason } of parked) this.#counts.parked.add(1, { reason });
    if (parked.length > 0) this.#options.listener({ kind: "parked", records: parked });
    await this.#commit(consumer, batch);
  }

  /** Checked before it is stored: an alarm must not wait for the ledger. */
  #read(batch: EventBatch): ReadBatch {
    const { clock, listener } = this.#options;
    const events: ReadEvent[] = [];
    const unread: Unread[] = [];
    const violations: Violation[] = [];
    for (const record of batch.records) {
      const read = readRecord(record);
      if (!("event" in read)) {
        this.#watch.skip(record);
        unread.push(read);
        continue;
      }
      events.push(read);
      for (const violation of this.#watch.check(record, read.event, clock.wallMs())) {
        violations.push(violation);
        this.#counts.violations.add(1, { rule: violation.rule });
        listener({ kind: "violation", violation });
      }
    }
    return { events, unread, violations };
  }

  #tell({ events }: ReadBatch, stored: StoredEvents): void {
    const { clock, listener } = this.#options;
    const { added, conflicts, lateDays, unread } = stored;
    this.#counts.rows.add(added);
    this.#counts.repeated.add(events.length - added - unread.length);
    if (conflicts.length > 0) listener({ kind: "conflicts", conflicts });
    if (lateDays.length > 0) {
      this.#counts.lateBatches.add(1);
      listener({ kind: "late-days", days: lateDays });
    }
    // What has no time yet is not old.
    const timed = events.map(({ row }) => row.atMs).filter((atMs) => atMs > 0);
    if (timed.length === 0 || added === 0) return;
    const oldestMs = timed.reduce((oldest, atMs) => Math.min(oldest, atMs));
    this.#counts.age.observe(Math.max(0, clock.wallMs() - oldestMs) / 1_000);
  }

  async #commit(consumer: EventConsumer, batch: EventBatch): Promise<void> {
    const { clock, listener } = this.#options;
    const committed = await attemptUntilDone(clock, this.#stopped, this.#waits("log"), async () => {
      const reply = await consumer.commit(batch);
      if (reply.kind === "unknown") return { kind: "again", message: reply.message };
      return { kind: "done", value: reply.kind };
    });
    if (committed.kind === "stopped" || committed.value === "committed") return;
    this.#counts.lost.add(1);
    listener({ kind: "lost", records: batch.records.length });
  }

  /** Tells of a wait when it begins and when it is over. */
  #waits(what: Waited): WaitListener {
    const { listener } = this.#options;
    return {
      onWait: (message) => {
        const isNew = !this.#waiting.has(what);
        this.#waiting.set(what, message);
        this.#counts.waiting.set(1, { for: what });
        if (isNew) listener({ kind: "waiting", for: what, message });
      },
      onDone: () => {
        if (!this.#waiting.delete(what)) return;
        this.#counts.waiting.set(0, { for: what });
        listener({ kind: "resumed", for: what });
      },
    };
  }
}
