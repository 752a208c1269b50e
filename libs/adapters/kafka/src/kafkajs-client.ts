import { invariant } from "@holdfast/base/invariant";
import { clientTlsOptions, type TlsIdentity } from "@holdfast/base/tls/material";
import type { ConsumedRecord, EventRecord } from "@holdfast/engine/ports/event-log";
import {
  type Consumer,
  type EachBatchPayload,
  Kafka,
  type KafkaMessage,
  logLevel,
  type Producer,
  type RetryOptions,
} from "kafkajs";
import type {
  ClientConsumer,
  ClientConsumerListener,
  ClientConsumerOptions,
  ClientFailure,
  ClientProducer,
  KafkaClient,
  PartitionCount,
  Position,
  TopicToMake,
} from "./kafka-client.ts";
import { KafkajsComplaints } from "./kafkajs-complaints.ts";
import { clientFailure } from "./kafkajs-failure.ts";
import { mendTimers } from "./mended-timers.ts";
import { partitionOfKey } from "./partition-of-key.ts";

/** How to reach the brokers. */
export interface KafkaConnection {
  /** `host:port` of some of them. */
  readonly brokers: readonly string[];
  /** What the brokers' logs and quotas know us by. */
  readonly clientId: string;
  /** Plain text if left out. */
  readonly tls?: TlsIdentity | undefined;
  readonly sasl?: KafkaLogin;
  /** How long one request may take, in milliseconds. */
  readonly requestTimeoutMs: number;
}

/** Who we say we are. */
export type KafkaLogin = { readonly username: string; readonly password: string } & (
  | { readonly mechanism: "plain" }
  | { readonly mechanism: "scram-sha-256" }
  | { readonly mechanism: "scram-sha-512" }
);

const connectTimeoutMs = 3_000;
/** A member that is silent for so long is taken for dead. */
const sessionTimeoutMs = 10_000;
const heartbeatEveryMs = 1_000;
/** What a group waits for its members to come back when it gives out partitions anew. */
const rebalanceTimeoutMs = 30_000;
/** How long a broker holds back an answer for want of records; no heartbeat is sent meanwhile. */
const fetchWaitMs = 500;
const fetchBytesMax = 8 * 1024 * 1024;
/** More partitions than that are read one after the other. */
const partitionsAtOnce = 64;

/** A broker that was killed is back within seconds; a minute of tries is for the caller to make. */
const retry: RetryOptions = {
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  retries: 30,
  factor: 0.2,
  multiplier: 2,
  // A consumer that gave up is opened anew by our own hand, where it can be seen.
  restartOnFailure: async () => false,
};

/** The client kafkajs. `onLog` gets what it has to complain about. */
export function kafkajsClient(
  connection: KafkaConnection,
  onLog: (message: string) => void,
): KafkaClient {
  mendTimers();
  const { brokers, clientId, tls, sasl, requestTimeoutMs } = connection;
  const complaints = new KafkajsComplaints(onLog);
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId,
    // Read anew by every connection: the client keeps the object as it is.
    ssl: tls === undefined ? false : clientTlsOptions(tls),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry,
    logLevel: logLevel.ERROR,
    logCreator: () => (entry) => complaints.hear(entry),
  });
  const told = async <Reply extends object | undefined>(call: Promise<Reply>): Promise<Reply> => {
    const reply = await call;
    if (!isFailure(reply)) complaints.forget();
    return reply;
  };
  return {
    get trouble() {
      return complaints.trouble;
    },
    partitionsOf: (topic) => told(partitionsOf(kafka, topic)),
    makeTopic: (topic) => told(makeTopic(kafka, topic)),
    openProducer: () => told(openProducer(kafka, requestTimeoutMs)),
    openConsumer: (options) => told(openConsumer(kafka, options)),
  };
}

function isFailure(reply: object | undefined): boolean {
  return reply !== undefined && "kind" in reply && reply.kind === "failure";
}

async function partitionsOf(kafka: Kafka, topic: string): Promise<PartitionCount | ClientFailure> {
  const admin = kafka.admin({ retry: { ...retry, retries: 2 } });
  try {
    await admin.connect();
    // Asking about one topic by its name makes it, where the brokers are set up so.
    if (!(await admin.listTopics()).includes(topic)) return { kind: "partitions", count: 0 };
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return { kind: "partitions", count: topics[0]?.partitions.length ?? 0 };
  } catch (error) {
    return clientFailure(error);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

async function makeTopic(
  kafka: Kafka,
  { name, partitions, settings }: TopicToMake,
): Promise<ClientFailure | undefined> {
  const admin = kafka.admin({ retry: { ...retry, retries: 5 } });
  const configEntries = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
  const topic = { topic: name, numPartitions: partitions, replicationFactor: -1, configEntries };
  try {
    await admin.connect();
    await admin.createTopics({ topics: [topic], waitForLeaders: true });
    return undefined;
  } catch (error) {
    return clientFailure(error);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

async function openProducer(
  kafka: Kafka,
  requestTimeoutMs: number,
): Promise<ClientProducer | ClientFailure> {
  const opened = new KafkajsProducer(kafka, requestTimeoutMs);
  return (await opened.connect()) ?? opened;
}

class KafkajsProducer implements ClientProducer {
  readonly kind = "producer";
  readonly #producer: Producer;
  readonly #requestTimeoutMs: number;
  #abandoned = false;
  /** Resolves when nothing is on its way. */
  #sending: Promise<unknown> = Promise.resolve();
  /** Where the records of the present call go. */
  #partitions = new Set<number>();

  constructor(kafka: Kafka, requestTimeoutMs: number) {
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#producer = kafka.producer({
      // Without these an answer that was lost doubles and reorders records, silently.
      idempotent: true,
      maxInFlightRequests: 1,
      retry,
      allowAutoTopicCreation: false,
      createPartitioner:
        () =>
        ({ partitionMetadata, message }) => {
          // Asked before every try: the one way to keep kafkajs from trying again.
          if (this.#abandoned) throw new Error("the producer was given up");
          const { key, partition } = message;
          invariant(Buffer.isBuffer(key), "every record has a key");
          const chosen = partition ?? partitionOfKey(key, partitionMetadata.length);
          this.#partitions.add(chosen);
          return chosen;
        },
    });
  }

  async connect(): Promise<ClientFailure | undefined> {
    try {
      await this.#producer.connect();
      return undefined;
    } catch (error) {
      await this.#producer.disconnect().catch(() => {});
      return clientFailure(error);
    }
  }

  send(topic: string, records: readonly EventRecord[]): Promise<ClientFailure | undefined> {
    const sending = this.#send(topic, records);
    this.#sending = sending;
    return sending;
  }

  async #send(topic: string, records: readonly EventRecord[]): Promise<ClientFailure | undefined> {
    this.#partitions = new Set();
    const messages = records.map(({ key, value, headers, partition }) => ({
      ...(partition === undefined ? {} : { partition }),
      key: bufferOf(key),
      value: bufferOf(value),
      headers,
    }));
    try {
      const timeout = this.#requestTimeoutMs;
      const answers = await this.#producer.send({ topic, messages, acks: -1, timeout });
      for (const { partition } of answers) this.#partitions.delete(partition);
    } catch (error) {
      return clientFailure(error);
    }
    if (this.#partitions.size === 0) return undefined;
    // Where a leader moves between two tries, to a broker that has answered already, kafkajs takes
    // the records for sent.
    const message = `no broker has acknowledged partition ${[...this.#partitions].join(", ")}`;
    return { kind: "failure", reason: "other", message };
  }

  abandon(): void {
    this.#abandoned = true;
    // Not before: a try that finds itself disconnected connects again, and stays so.
    void this.#sending.then(() => this.#producer.disconnect()).catch(() => {});
  }
}

async function openConsumer(
  kafka: Kafka,
  options: ClientConsumerOptions,
): Promise<ClientConsumer | ClientFailure> {
  const opened = new KafkajsConsumer(kafka, options);
  return (await opened.open()) ?? opened;
}

class KafkajsConsumer implements ClientConsumer {
  readonly kind = "consumer";
  readonly #consumer: Consumer;
  readonly #options: ClientConsumerOptions;
  readonly #listener: ClientConsumerListener;
  /** Ends the wait of every chunk that is handed over, one way or the other. */
  readonly #waits = new Set<(how: Error | "closed") => void>();
  #closed = false;

  constructor(kafka: Kafka, options: ClientConsumerOptions) {
    this.#options = options;
    this.#listener = options.listener;
    this.#consumer = kafka.consumer({
      groupId: options.group,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatEveryMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      maxWaitTimeInMs: fetchWaitMs,
      maxBytes: fetchBytesMax,
      allowAutoTopicCreation: false,
      retry,
    });
  }

  async open(): Promise<ClientFailure | undefined> {
    const { GROUP_JOIN, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      if (this.#closed) return;
      const names = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => `${topic}/${partition}`),
      );
      this.#listener.onAssigned(names.sort());
    });
    this.#consumer.on(CRASH, ({ payload }) => this.#end(clientFailure(payload.error).message));
    try {
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: partitionsAtOnce,
        eachBatch: (payload) => this.#eachBatch(payload),
      });
      // It was still about to join when it was closed, and has done so since.
      if (this.#closed) await this.#consumer.disconnect();
      return undefined;
    } catch (error) {
      await this.#consumer.disconnect().catch(() => {});
      return clientFailure(error);
    }
  }

  async commit(positions: readonly Position[]): Promise<ClientFailure | undefined> {
    try {
      const offsets = positions.map(({ topic, partition, offset }) => {
        return { topic, partition, offset: offset.toString() };
      });
      await this.#consumer.commitOffsets(offsets);
      return undefined;
    } catch (error) {
      const failure = clientFailure(error);
      // Ends the waits, so that it joins its group again.
      if (failure.reason === "stale") this.#revoke(error as Error);
      return failure;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#endWaits("closed");
    await this.#consumer.disconnect().catch(() => {});
  }

  /** Hands a batch over in chunks, and keeps the member alive for as long as that takes. */
  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, heartbeat, isRunning, isStale } = payload;
    const { chunkRecordsMax } = this.#options;
    for (let from = 0; from < batch.messages.length; from += chunkRecordsMax) {
      if (this.#closed || !isRunning() || isStale()) return;
      const messages = batch.messages.slice(from, from + chunkRecordsMax);
      const records = messages.map((each) => consumed(batch.topic, batch.partition, each));
      const last = messages.at(-1);
      invariant(last !== undefined, "a chunk has records");
      if ((await this.#handOver(records, heartbeat)) === "closed") return;
      resolveOffset(last.offset);
    }
  }

  async #handOver(
    records: readonly ConsumedRecord[],
    heartbeat: () => Promise<void>,
  ): Promise<"done" | "closed"> {
    const { promise, resolve, reject } = Promise.withResolvers<"done" | "closed">();
    const end = (how: Error | "closed"): void => {
      if (how === "closed") resolve(how);
      else reject(how);
    };
    this.#waits.add(end);
    const beat = setInterval(() => {
      heartbeat().catch((error: Error) => this.#revoke(error));
    }, heartbeatEveryMs);
    try {
      this.#listener.onChunk({ records, done: () => resolve("done") });
      return await promise;
    } finally {
      clearInterval(beat);
      this.#waits.delete(end);
    }
  }

  /** What was handed over is void. kafkajs joins the group again once no batch is in work. */
  #revoke(error: Error): void {
    if (this.#closed) return;
    this.#listener.onRevoked();
    this.#endWaits(error);
  }

  #end(message: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.onRevoked();
    this.#endWaits("closed");
    this.#listener.onEnd(message);
  }

  #endWaits(how: Error | "closed"): void {
    for (const end of this.#waits) end(how);
  }
}

function consumed(topic: string, partition: number, message: KafkaMessage): ConsumedRecord {
  const headers: Record<string, string> = {};
  for (const [name, given] of Object.entries(message.headers ?? {})) {
    // Somebody else's producer may give a header twice; ours never does.
    const value = Array.isArray(given) ? given.at(-1) : given;
    headers[name] = value?.toString() ?? "";
  }
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    key: message.key ?? new Uint8Array(0),
    value: message.value ?? new Uint8Array(0),
    headers,
  };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
