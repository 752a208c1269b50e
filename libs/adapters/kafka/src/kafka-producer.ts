import type { Clock } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";
import {
  type AppendReply,
  type EventLogLimits,
  type EventProducer,
  type EventRecord,
  recordBytes,
} from "@holdfast/engine/ports/event-log";
import { inTime } from "./in-time.ts";
import type { ClientProducer, KafkaClient } from "./kafka-client.ts";

/** What a producer is made of. */
export interface KafkaProducerOptions {
  readonly client: KafkaClient;
  readonly clock: Clock;
  readonly topic: string;
  readonly limits: EventLogLimits;
  /** After this long without an answer a producer has stalled, in milliseconds. */
  readonly appendTimeoutMs: number;
  readonly onClose: () => void;
}

/** Appends to one topic of Kafka; replaces the client's producer whenever a call has failed. */
export class KafkaProducer implements EventProducer {
  readonly #options: KafkaProducerOptions;
  #producer: ClientProducer | undefined;
  #busy = false;
  #closed = false;

  constructor(options: KafkaProducerOptions) {
    this.#options = options;
  }

  async append(records: readonly EventRecord[]): Promise<AppendReply> {
    invariant(!this.#busy, "one append at a time");
    const bytes = this.#checkedBytes(records);
    const { appendBytesMax } = this.#options.limits;
    if (bytes > appendBytesMax) {
      const message = `a record of ${bytes} bytes is longer than ${appendBytesMax}`;
      return { kind: "refused", reason: "too-large", message };
    }
    if (records.length === 0) return { kind: "appended" };
    this.#busy = true;
    try {
      const producer = await this.#connected();
      return producer.kind === "producer" ? await this.#send(producer, records) : producer;
    } finally {
      this.#busy = false;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#abandon();
    this.#options.onClose();
  }

  #checkedBytes(records: readonly EventRecord[]): number {
    const { appendBytesMax, appendRecordsMax } = this.#options.limits;
    let bytes = 0;
    for (const record of records) {
      invariant(record.key.length > 0, "a record has a key");
      bytes += recordBytes(record);
    }
    invariant(records.length <= appendRecordsMax, "an append has no more records than the limit");
    invariant(bytes <= appendBytesMax || records.length === 1, "nor more bytes");
    return bytes;
  }

  async #send(producer: ClientProducer, records: readonly EventRecord[]): Promise<AppendReply> {
    const { clock, topic, appendTimeoutMs } = this.#options;
    const failed = await inTime(clock, appendTimeoutMs, producer.send(topic, records));
    if (failed === undefined) return { kind: "appended" };
    // Also after a refusal: of a request that failed in part the client forgets what was taken, and
    // would number the next records as the broker has numbered these. It takes such for a repeat
    // and acknowledges what it does not have.
    this.#abandon();
    if (failed === "late") {
      return { kind: "unknown", message: `no answer from Kafka in ${appendTimeoutMs} ms` };
    }
    const { reason, message } = failed;
    if (reason === "other" || reason === "stale") return { kind: "unknown", message };
    return { kind: "refused", reason, message };
  }

  async #connected(): Promise<ClientProducer | AppendReply> {
    if (this.#producer !== undefined) return this.#producer;
    if (this.#closed) return { kind: "unavailable", message: "the producer is closed" };
    const { clock, appendTimeoutMs } = this.#options;
    const opening = this.#openProducer();
    const opened = await inTime(clock, appendTimeoutMs, opening);
    if (opened === "late" || this.#closed) {
      void opening.then((late) => late.kind === "producer" && late.abandon());
      const message = `Kafka cannot be reached in ${appendTimeoutMs} ms`;
      return { kind: "unavailable", message };
    }
    if (opened.kind === "producer") this.#producer = opened;
    return opened;
  }

  /** Looks for the topic first: the client would take half a minute of tries to miss it. */
  async #openProducer(): Promise<ClientProducer | AppendReply> {
    const { client, topic } = this.#options;
    const partitions = await client.partitionsOf(topic);
    if (partitions.kind === "failure") return { kind: "unavailable", message: partitions.message };
    if (partitions.count === 0) {
      const message = `there is no topic ${topic}`;
      return { kind: "refused", reason: "topic-missing", message };
    }
    const opened = await client.openProducer();
    return opened.kind === "producer" ? opened : { kind: "unavailable", message: opened.message };
  }

  #abandon(): void {
    this.#producer?.abandon();
    this.#producer = undefined;
  }
}
