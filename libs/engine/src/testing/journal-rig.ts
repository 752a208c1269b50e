import type { RequestId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import { auditedRange } from "@holdfast/core/audit/audited-key";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { firstPage, readRevision } from "@holdfast/core/audit/history";
import { identityKey, lockKeys } from "@holdfast/core/lock/keys";
import { encodeRecord, type LockRecord } from "@holdfast/core/lock/record";
import type { Op } from "@holdfast/core/txn/txn";
import { eventsTopic } from "../event-record.ts";
import type { Checkpoints } from "../journal/checkpoint-store.ts";
import type { JournalNotice } from "../journal/journal-notice.ts";
import { clusterName, ShardJournal } from "../journal/shard-journal.ts";
import { MemoryEventLog } from "../memory/memory-event-log.ts";
import { MemoryMeter } from "../memory/memory-meter.ts";
import { MemoryShardStore } from "../memory/memory-shard-store.ts";
import type { EventLog, EventLogLimits } from "../ports/event-log.ts";
import type { ShardStore } from "../ports/shard-store.ts";
import { encodeIdentity } from "../shard-identity.ts";
import { TopicReader } from "./topic-reader.ts";

/** etcd's limit is 128. */
const txnOpsMax = 125;

/** What of a journal's process is not as usual. */
export interface RigJournalOptions {
  /** Between it and the shard. */
  readonly store?: (store: ShardStore) => ShardStore;
  /** Between it and the log. */
  readonly log?: (log: EventLog) => EventLog;
  /** How far its wall clock is ahead, in milliseconds. */
  readonly aheadMs?: number;
  readonly onEvents?: (events: readonly AuditEvent[]) => void;
  /** In place of the shard. */
  readonly checkpoints?: Checkpoints;
}

/** A journal that runs. */
export interface RigJournal {
  readonly journal: ShardJournal;
  /** What it has counted of the shard; 0 for what it never counted. */
  count(name: string, reason?: string): number;
  readonly notices: JournalNotice[];
}

/** A shard and a log in memory, on a clock that moves when told, for tests of the journal. */
export class JournalRig {
  readonly clock = new ManualClock();
  readonly store: MemoryShardStore;
  readonly log: MemoryEventLog;
  readonly cluster: string;
  /** All that happened, from the history itself, however the journals fare. */
  readonly happened: AuditEvent[] = [];
  readonly #running: ShardJournal[] = [];
  #names = 0;
  #isStopped = false;

  constructor(limits: Partial<EventLogLimits> = {}, partitions = 3) {
    this.store = new MemoryShardStore({ clock: this.clock, random: new SeededRandom(7) });
    this.log = new MemoryEventLog(this.clock, limits);
    if (partitions > 0) this.log.createTopic(eventsTopic, partitions);
    this.#follow();
    const incarnation = "incarnation-of-the-rig";
    this.cluster = clusterName("test", "here", "s0", incarnation);
    const value = encodeIdentity({ region: "here", name: "s0" }, "test", incarnation);
    void this.store.commit({
      compares: [],
      success: [{ kind: "put", key: identityKey, value, lease: 0n }],
      failure: [],
    });
  }

  /** Starts another journal of the shard. */
  start(options: RigJournalOptions = {}): RigJournal {
    const meter = new MemoryMeter();
    const notices: JournalNotice[] = [];
    const { aheadMs = 0, onEvents, checkpoints } = options;
    const { clock } = this;
    const journal = new ShardJournal({
      store: options.store?.(this.store) ?? this.store,
      log: options.log?.(this.log) ?? this.log,
      clock: {
        monotonicMs: () => clock.monotonicMs(),
        wallMs: () => clock.wallMs() + aheadMs,
        schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
      },
      meter,
      installation: "test",
      region: "here",
      shard: "s0",
      name: `journal-${this.#names++}`,
      onNotice: (notice) => notices.push(notice),
      ...(onEvents === undefined ? {} : { onEvents }),
      ...(checkpoints === undefined ? {} : { checkpoints }),
    });
    this.#running.push(journal);
    journal.start();
    const count = (name: string, reason?: string): number => {
      const labels = reason === undefined ? { shard: "s0" } : { shard: "s0", reason };
      return meter.read(`holdfast_journal_${name}`, labels) ?? 0;
    };
    return { journal, count, notices };
  }

  /** Stops all that runs, while the clock goes on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    // Nobody waits for one whose process is dead.
    for (const journal of this.#running) void journal.stop();
    await this.clock.advance(20_000);
    this.store.close();
    await this.log.close();
  }

  /** Writes holders of locks, in transactions of up to 125, as a router would. */
  async acquire(names: readonly string[], record: Partial<LockRecord> = {}): Promise<void> {
    await this.#write(
      names.map((name) => {
        return { kind: "put", key: holderKey(name), value: holderRecord(record), lease: 0n };
      }),
    );
  }

  async release(names: readonly string[]): Promise<void> {
    await this.#write(names.map((name) => ({ kind: "delete", key: holderKey(name) })));
  }

  /** The present revision of the store. */
  async revision(): Promise<bigint> {
    return (await this.store.range({ kind: "range", key: identityKey }).then(asRead)).revision;
  }

  /** A reader of the topic that sees all there is. */
  async read(): Promise<TopicReader> {
    const reader = new TopicReader(this.cluster);
    await reader.readAll(this.log, this.clock, `reader-${this.#names++}`);
    return reader;
  }

  #follow(after = 0n, bookmark = firstPage): void {
    let [read, page] = [after, bookmark];
    const { prefix: key, end: rangeEnd } = auditedRange;
    this.store.watch(
      { key, rangeEnd, startRevision: after + 1n, withPrevious: true },
      {
        onEvents: (revision, changes) => {
          const of = { cluster: this.cluster, region: "here", shard: "s0" };
          const derived = readRevision(of, revision, changes, page);
          if (derived.kind !== "derived") throw new Error("a test compacts after this has read");
          [read, page] = [revision, derived.bookmark];
          this.happened.push(...derived.events);
        },
        onEnd: () => this.#isStopped || this.#follow(read, page),
      },
    );
  }

  async #write(ops: readonly Op[]): Promise<void> {
    for (let from = 0; from < ops.length; from += txnOpsMax) {
      const success = ops.slice(from, from + txnOpsMax);
      const reply = await this.store.commit({ compares: [], success, failure: [] });
      if (reply.kind !== "committed") throw new Error(reply.message);
    }
  }
}

/** The key of the one holder of a lock. */
export function holderKey(name: string): string {
  return `${lockKeys(1, "default", name).exclusive.prefix}g-${name}`;
}

function holderRecord(more: Partial<LockRecord>): Uint8Array {
  return encodeRecord({
    owner: "owner",
    ttlMs: 10_000,
    mode: "exclusive",
    requestId: "r" as RequestId,
    metadata: {},
    epoch: 1,
    atMs: 0,
    ...more,
  });
}

function asRead<Reply extends { readonly kind: string }>(reply: Reply) {
  if (reply.kind !== "read") throw new Error(`not read: ${reply.kind}`);
  return reply as Extract<Reply, { readonly kind: "read" }>;
}
