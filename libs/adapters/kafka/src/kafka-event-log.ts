import type { Clock } from "@holdfast/base/clock";
import type {
  EventConsumer,
  EventLog,
  EventLogLimits,
  EventProducer,
  TopicReply,
} from "@holdfast/engine/ports/event-log";
import { inTime } from "./in-time.ts";
import type { KafkaClient } from "./kafka-client.ts";
import { KafkaConsumer } from "./kafka-consumer.ts";
import { KafkaProducer } from "./kafka-producer.ts";
import { type KafkaConnection, kafkajsClient } from "./kafkajs-client.ts";

/** How a log in Kafka is reached and used. */
export interface KafkaEventLogOptions extends KafkaConnection {
  readonly clock: Clock;
  /** After this long without an answer a producer is replaced, in milliseconds. */
  readonly appendTimeoutMs: number;
  /** Gets what the client complains about, for the log. */
  readonly onLog: (message: string) => void;
}

/**
 * The brokers take batches of a partition up to 1,048,588 bytes unless they are set up otherwise,
 * and all records of an append may fall in one partition.
 */
const limits: EventLogLimits = {
  appendBytesMax: 1_000_000,
  appendRecordsMax: 10_000,
  nextRecordsMax: 5_000,
};

/** A log in Kafka. */
export class KafkaEventLog implements EventLog {
  readonly limits: EventLogLimits = limits;
  readonly #options: KafkaEventLogOptions;
  readonly #client: KafkaClient;
  readonly #open = new Set<{ close(): Promise<void> }>();

  constructor(options: KafkaEventLogOptions) {
    this.#options = options;
    this.#client = kafkajsClient(options, options.onLog);
  }

  async checkTopic(topic: string, partitionsMin: number): Promise<TopicReply> {
    const { clock, appendTimeoutMs } = this.#options;
    const found = await inTime(clock, appendTimeoutMs, this.#client.partitionsOf(topic));
    if (found === "late") {
      const message = this.#client.trouble ?? `no answer from Kafka in ${appendTimeoutMs} ms`;
      return { kind: "unavailable", message };
    }
    if (found.kind === "failure") return { kind: "unavailable", message: found.message };
    const partitions = found.count;
    if (partitions === 0) return { kind: "missing", message: `there is no topic ${topic}` };
    if (partitions >= partitionsMin) return { kind: "ready", partitions };
    const message = `topic ${topic} has ${partitions} partitions, fewer than ${partitionsMin}`;
    return { kind: "too-few-partitions", partitions, message };
  }

  openProducer(topic: string): EventProducer {
    const { clock, appendTimeoutMs } = this.#options;
    const client = this.#client;
    const onClose = (): void => void this.#open.delete(producer);
    const producer = new KafkaProducer({ client, clock, topic, limits, appendTimeoutMs, onClose });
    this.#open.add(producer);
    return producer;
  }

  openConsumer(group: string, topics: readonly string[]): EventConsumer {
    const { clock, appendTimeoutMs } = this.#options;
    const consumer = new KafkaConsumer({
      client: this.#client,
      clock,
      group,
      topics,
      nextRecordsMax: limits.nextRecordsMax,
      commitTimeoutMs: appendTimeoutMs,
      onClose: () => void this.#open.delete(consumer),
    });
    this.#open.add(consumer);
    return consumer;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((each) => each.close()));
  }
}
