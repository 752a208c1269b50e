import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KafkaEventLog } from "@holdfast/adapter-kafka/kafka-event-log";
import { mendTimers } from "@holdfast/adapter-kafka/mended-timers";
import { SystemClock } from "@holdfast/base/clock";
import { findTool } from "@holdfast/toolchain/find-tool";
import { type KafkaServer, startKafka } from "@holdfast/toolchain/kafka-process";
import { Kafka, logLevel } from "kafkajs";

/** A broker of the suite's own. */
export interface KafkaUnderTest extends AsyncDisposable {
  readonly broker: KafkaServer;
  /** Makes a topic, with settings of its own where they are given. */
  createTopic(name: string, partitions: number, settings?: Record<string, string>): Promise<void>;
  /** A log in it; what it complains about is kept in `complaints`. */
  openLog(appendTimeoutMs: number): KafkaEventLog;
  readonly complaints: readonly string[];
}

const found = await findTool("kafka");

/** Why there is no Kafka to test against; undefined if there is one. */
export const kafkaMissing = found.kind === "found" ? undefined : found.reason;
if (kafkaMissing !== undefined) console.warn(`skipped, for want of a Kafka: ${kafkaMissing}`);

/** Starts a broker. */
export async function startKafkaUnderTest(): Promise<KafkaUnderTest> {
  if (found.kind !== "found") throw new Error(found.reason);
  const dataDir = await mkdtemp(join(tmpdir(), "holdfast-contract-kafka-"));
  const broker = await startKafka({ binary: found.path, dataDir });
  const complaints: string[] = [];
  const logs: KafkaEventLog[] = [];
  return {
    broker,
    complaints,
    async createTopic(topic, numPartitions, settings = {}) {
      mendTimers();
      const kafka = new Kafka({ brokers: [broker.endpoint], logLevel: logLevel.NOTHING });
      const admin = kafka.admin();
      await admin.connect();
      try {
        const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
        const topics = [{ topic, numPartitions, replicationFactor: 1, configEntries }];
        await admin.createTopics({ topics, waitForLeaders: true });
      } finally {
        await admin.disconnect();
      }
    },
    openLog(appendTimeoutMs) {
      const log = new KafkaEventLog({
        brokers: [broker.endpoint],
        clientId: "contract",
        clock: new SystemClock(),
        appendTimeoutMs,
        requestTimeoutMs: appendTimeoutMs / 2,
        onLog: (message) => complaints.push(message),
      });
      logs.push(log);
      return log;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(logs.map((log) => log.close()));
      await broker.process.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
