/**
 * A log of records in topics, as Kafka is one: what the journal writes and the auditor reads.
 *
 * Contract (test/contract proves it for every implementation):
 * - A topic has a number of partitions. All records of one key lie in one partition; a partition
 *   keeps its records in the order in which they were appended, each at an offset of its own.
 *   Between partitions there is no order.
 * - A record is bytes to the log: key, value and headers come back as they were given.
 * - An append is acknowledged once every copy of the log has the records. An answer that was lost
 *   is `unknown`: the records may be there, or may still come, once more even after records that
 *   were appended later. Whoever appends them again has them twice, so each record needs an
 *   identity of its own for its readers to know it by.
 * - An implementation may repeat an append by itself only where the log sees that it is a repeat.
 * - Members of a group share the partitions of their topics, each partition with one member. What
 *   was not committed comes again, to whoever has the partition then: every record is read at
 *   least once.
 * - Topics are not made by using them.
 * - No promise is rejected but for a bug, and each resolves in bounded time.
 */
export interface EventLog {
  readonly limits: EventLogLimits;
  /** Whether a topic is there and has at least so many partitions. */
  checkTopic(topic: string, partitionsMin: number): Promise<TopicReply>;
  /** What one producer appends keeps its order; between two producers there is none. */
  openProducer(topic: string): EventProducer;
  /** A new member of `group`. A group that has committed nothing starts at the oldest record. */
  openConsumer(group: string, topics: readonly string[]): EventConsumer;
  /** Closes what was opened and is open still. */
  close(): Promise<void>;
}

/** Bounds that hold for every batch. */
export interface EventLogLimits {
  /** The longest record, and the longest batch of an append, as {@link recordBytes} counts them. */
  readonly appendBytesMax: number;
  /** The most records of one append. */
  readonly appendRecordsMax: number;
  /** The most records that {@link EventConsumer.next} gives at once. */
  readonly nextRecordsMax: number;
}

/** A record to append. */
export interface EventRecord {
  /** Decides the partition, unless {@link partition} does; at least one byte. */
  readonly key: Uint8Array;
  /** Where it goes whatever its key, from 0: for what every partition is to have a copy of. */
  readonly partition?: number;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a record is packed in, at most, in bytes. */
const wrappingBytes = 64;
/** What each header is packed in, at most, in bytes. */
const headerWrappingBytes = 10;
/** A UTF-16 unit is no longer than this in UTF-8, in bytes. */
const unitBytesMax = 3;

/** How much of a limit a record uses up, in bytes: a little more than it takes in the log. */
export function recordBytes(record: EventRecord): number {
  let bytes = wrappingBytes + record.key.length + record.value.length;
  for (const [name, value] of Object.entries(record.headers)) {
    bytes += headerWrappingBytes + unitBytesMax * (name.length + value.length);
  }
  return bytes;
}

/** A topic can be used, or why it cannot. */
export type TopicReply =
  | { readonly kind: "ready"; readonly partitions: number }
  | { readonly kind: "missing"; readonly message: string }
  | { readonly kind: "too-few-partitions"; readonly partitions: number; readonly message: string }
  | LogUnavailable;

/** Nobody was reached, or nobody may answer us; nothing was changed. */
export interface LogUnavailable {
  readonly kind: "unavailable";
  readonly message: string;
}

/** Appends to one topic. */
export interface EventProducer {
  /**
   * Appends the records in their order. One call at a time: the next one waits for the answer.
   * More records, or more bytes, than the limits allow are a bug of the caller, but for one record
   * alone that is too long: that one is refused.
   */
  append(records: readonly EventRecord[]): Promise<AppendReply>;
  /** From then on every append is `unavailable`. */
  close(): Promise<void>;
}

/** What became of an append. */
export type AppendReply =
  | { readonly kind: "appended" }
  /** At least one record will never be taken; of the others nothing is known. */
  | { readonly kind: "refused"; readonly reason: RefusalReason; readonly message: string }
  /** Certainly not appended. */
  | LogUnavailable
  /** May have been appended, in part as well, or may still be. */
  | { readonly kind: "unknown"; readonly message: string };

/** Why the log will not take a record. */
export type RefusalReason = "too-large" | "topic-missing" | "not-authorized";

/** One member of a group. */
export interface EventConsumer {
  /**
   * The next records, as soon as there are any, or `idle` after `waitMs`. A change of the
   * member's partitions is told before any record of the new ones. One call at a time, and not
   * before the last batch is committed or lost.
   */
  next(waitMs: number): Promise<NextReply>;
  /**
   * Marks the batch, and all before it, as done. `lost`: its partitions have gone to others, or
   * are given out anew; the records come again. `unknown`: commit it once more.
   */
  commit(batch: EventBatch): Promise<CommitReply>;
  /** Leaves the group; a batch that is not committed comes again to another member. */
  close(): Promise<void>;
}

/** What a member of a group is told. */
export type NextReply =
  | { readonly kind: "records"; readonly batch: EventBatch }
  /** Until the next such answer these are the member's partitions, as sorted `topic/number`. */
  | { readonly kind: "assigned"; readonly partitions: readonly string[] }
  | { readonly kind: "idle" }
  /** The member is out of its group for now and tries to come back; call again. */
  | LogUnavailable;

/** Records to be committed together; those of one partition in the order of their offsets. */
export interface EventBatch {
  readonly records: readonly ConsumedRecord[];
}

/** A record and where it lies. */
export interface ConsumedRecord extends EventRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** What became of a commit. */
export type CommitReply =
  | { readonly kind: "committed" }
  | { readonly kind: "lost" }
  | { readonly kind: "unknown"; readonly message: string };
