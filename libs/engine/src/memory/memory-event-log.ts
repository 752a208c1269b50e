import type { Clock } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";
import {
  type AppendReply,
  type CommitReply,
  type EventBatch,
  type EventConsumer,
  type EventLog,
  type EventLogLimits,
  type EventProducer,
  type EventRecord,
  type LogUnavailable,
  type NextReply,
  recordBytes,
  type TopicReply,
} from "../ports/event-log.ts";
import {
  type GroupMember,
  MemoryConsumerGroup,
  type PartitionShare,
} from "./memory-consumer-group.ts";
import { MemoryTopic } from "./memory-topic.ts";

const defaultLimits: EventLogLimits = {
  appendBytesMax: 1_000_000,
  appendRecordsMax: 10_000,
  nextRecordsMax: 5_000,
};

const unavailable: LogUnavailable = { kind: "unavailable", message: "the log is not reachable" };

/** A log in memory: the same answers to the same calls as Kafka (test/contract proves it). */
export class MemoryEventLog implements EventLog {
  readonly limits: EventLogLimits;
  readonly #clock: Clock;
  readonly #topics = new Map<string, MemoryTopic>();
  readonly #groups = new Map<string, MemoryConsumerGroup>();
  /** Those that are not closed, as the consumers. */
  readonly #producers = new Set<EventProducer>();
  readonly #consumers = new Set<MemoryConsumer>();
  readonly #waitingMax: number | undefined;
  #reachable = true;
  #losesAnswers = false;

  /**
   * `waitingMax`: records are kept only until every group has read them, and no more are taken
   * while so many wait. A group must be there before the first record, then.
   */
  constructor(
    clock: Clock,
    limits: Partial<EventLogLimits> = {},
    { waitingMax }: { readonly waitingMax?: number } = {},
  ) {
    this.#clock = clock;
    this.limits = { ...defaultLimits, ...limits };
    this.#waitingMax = waitingMax;
  }

  /** Makes a topic; one that is there must not be made again. */
  createTopic(name: string, partitions: number): void {
    invariant(!this.#topics.has(name), "a topic is made once");
    this.#topics.set(name, new MemoryTopic(name, partitions));
  }

  /** Whether anybody can be reached: while not, every call says so. */
  set reachable(reachable: boolean) {
    this.#reachable = reachable;
    this.#wakeAll();
  }

  /** Whether what is appended is there, but nobody is told so. */
  set losesAnswers(losesAnswers: boolean) {
    this.#losesAnswers = losesAnswers;
  }

  async checkTopic(name: string, partitionsMin: number): Promise<TopicReply> {
    if (!this.#reachable) return unavailable;
    const topic = this.#topics.get(name);
    if (topic === undefined) return { kind: "missing", message: `there is no topic ${name}` };
    const partitions = topic.partitions.length;
    if (partitions >= partitionsMin) return { kind: "ready", partitions };
    const message = `topic ${name} has ${partitions} partitions, fewer than ${partitionsMin}`;
    return { kind: "too-few-partitions", partitions, message };
  }

  openProducer(topic: string): EventProducer {
    const producer: EventProducer = {
      append: async (records) => this.#append(producer, topic, records),
      close: async () => void this.#producers.delete(producer),
    };
    this.#producers.add(producer);
    return producer;
  }

  openConsumer(groupName: string, topics: readonly string[]): EventConsumer {
    const group = this.#groups.get(groupName) ?? new MemoryConsumerGroup(this.#topics);
    this.#groups.set(groupName, group);
    const consumer = new MemoryConsumer(group, topics, {
      clock: this.#clock,
      countMax: this.limits.nextRecordsMax,
      isReachable: () => this.#reachable,
      onClose: () => this.#consumers.delete(consumer),
      onCommit: () => this.#forgetRead(),
    });
    this.#consumers.add(consumer);
    group.join(consumer);
    return consumer;
  }

  async close(): Promise<void> {
    this.#producers.clear();
    for (const consumer of this.#consumers) await consumer.close();
  }

  #append(
    producer: EventProducer,
    topicName: string,
    records: readonly EventRecord[],
  ): AppendReply {
    const { appendBytesMax, appendRecordsMax } = this.limits;
    const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    invariant(
      records.every(({ key }) => key.length > 0),
      "a record has a key",
    );
    invariant(records.length <= appendRecordsMax, "an append has no more records than the limit");
    invariant(bytes <= appendBytesMax || records.length === 1, "nor more bytes");
    if (bytes > appendBytesMax) {
      const message = `a record of ${bytes} bytes is longer than ${appendBytesMax}`;
      return { kind: "refused", reason: "too-large", message };
    }
    if (!this.#producers.has(producer)) {
      return { kind: "unavailable", message: "the producer is closed" };
    }
    if (!this.#reachable) return unavailable;
    const topic = this.#topics.get(topicName);
    if (topic === undefined) {
      const message = `there is no topic ${topicName}`;
      return { kind: "refused", reason: "topic-missing", message };
    }
    if (this.#isFull(topic)) {
      return { kind: "unavailable", message: `${this.#waitingMax} records wait to be read` };
    }
    for (const record of records) topic.append(record);
    this.#wakeAll();
    if (this.#losesAnswers) return { kind: "unknown", message: "the answer was lost" };
    return { kind: "appended" };
  }

  #isFull({ partitions }: MemoryTopic): boolean {
    const waiting = partitions.reduce((sum, { size }) => sum + size, 0);
    return this.#waitingMax !== undefined && waiting >= this.#waitingMax;
  }

  /** What every group has read is not asked for again. */
  #forgetRead(): void {
    if (this.#waitingMax === undefined) return;
    const groups = [...this.#groups.values()];
    for (const topic of this.#topics.values()) {
      for (const partition of topic.partitions) {
        partition.forget(Math.min(...groups.map((group) => group.committed(partition.name))));
      }
    }
  }

  #wakeAll(): void {
    for (const consumer of this.#consumers) consumer.wake();
  }
}

/** What a consumer needs of its log. */
interface ConsumerSurroundings {
  readonly clock: Clock;
  readonly countMax: number;
  readonly isReachable: () => boolean;
  readonly onClose: () => void;
  readonly onCommit: () => void;
}

class MemoryConsumer implements EventConsumer, GroupMember {
  readonly topics: readonly string[];
  readonly #group: MemoryConsumerGroup;
  readonly #surroundings: ConsumerSurroundings;
  #share: PartitionShare | undefined;
  /** The share the caller has not been told of yet is its own. */
  #untold = false;
  #outstanding: { readonly batch: EventBatch; readonly share: PartitionShare } | undefined;
  #closed = false;
  #waiting = false;
  #wake: () => void = () => {};

  constructor(
    group: MemoryConsumerGroup,
    topics: readonly string[],
    surroundings: ConsumerSurroundings,
  ) {
    this.#group = group;
    this.topics = topics;
    this.#surroundings = surroundings;
  }

  onAssigned(share: PartitionShare): void {
    this.#share = share;
    this.#untold = true;
    this.wake();
  }

  wake(): void {
    this.#wake();
  }

  async next(waitMs: number): Promise<NextReply> {
    invariant(!this.#waiting, "one call at a time");
    invariant(this.#outstanding === undefined, "the last batch is committed or lost first");
    const { clock, isReachable } = this.#surroundings;
    const endMs = clock.monotonicMs() + waitMs;
    this.#waiting = true;
    try {
      for (;;) {
        const reply = this.#look();
        if (reply !== undefined) return reply;
        const leftMs = endMs - clock.monotonicMs();
        if (leftMs <= 0 || this.#closed) return isReachable() ? { kind: "idle" } : unavailable;
        await this.#change(leftMs);
      }
    } finally {
      this.#waiting = false;
    }
  }

  async commit(batch: EventBatch): Promise<CommitReply> {
    const outstanding = this.#outstanding;
    invariant(outstanding?.batch === batch, "the batch given last is the one to commit");
    if (outstanding.share !== this.#share || this.#closed) {
      this.#outstanding = undefined;
      return { kind: "lost" };
    }
    if (!this.#surroundings.isReachable()) {
      return { kind: "unknown", message: unavailable.message };
    }
    this.#outstanding = undefined;
    outstanding.share.commit(batch.records);
    this.#surroundings.onCommit();
    return { kind: "committed" };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#surroundings.onClose();
    this.#group.leave(this);
    this.wake();
  }

  #look(): NextReply | undefined {
    const share = this.#share;
    if (share === undefined || this.#closed || !this.#surroundings.isReachable()) return undefined;
    if (this.#untold) {
      this.#untold = false;
      return { kind: "assigned", partitions: share.names };
    }
    const records = share.read(this.#surroundings.countMax);
    if (records.length === 0) return undefined;
    const batch = { records };
    this.#outstanding = { batch, share };
    return { kind: "records", batch };
  }

  #change(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#surroundings.clock.schedule(withinMs, resolve);
    this.#wake = () => {
      timer.cancel();
      resolve();
    };
    return promise;
  }
}
