import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { mendTimers } from "@holdfast/adapter-kafka/mended-timers";
import { eventsTopic } from "@holdfast/engine/event-record";
import { findTool } from "@holdfast/toolchain/find-tool";
import { startKafka as startServer } from "@holdfast/toolchain/kafka-process";
import { type Admin, Kafka, logLevel } from "kafkajs";
import type { ServerSet, ServersResult } from "./server-set.ts";

/** One broker with the topic of the events. */
export interface KafkaServer extends ServerSet {
  /** `host:port`. */
  readonly endpoint: string;
  /** Records that lie in the topic, of all partitions. */
  recordCount(): Promise<number>;
  /** What they take on disk, in bytes, without the indexes, which are made in advance. */
  recordBytes(): number;
  /** Kills the broker; its data stays. */
  kill(): Promise<void>;
  /** Starts it once more and waits until it serves; does nothing when it runs. */
  bringBack(): Promise<void>;
}

/** As many as `npm start -- --audit` makes. */
const partitions = 3;

/** Starts one with its data in `folder`. */
export async function startKafka(folder: string): Promise<ServersResult<KafkaServer>> {
  const tool = await findTool("kafka", { progress: (step) => console.error(`  ${step.message}`) });
  if (tool.kind === "missing") return tool;
  const broker = await startServer({ binary: tool.path, dataDir: folder, yields: true });
  const { endpoint } = broker;
  mendTimers();
  const admin = new Kafka({ brokers: [endpoint], logLevel: logLevel.NOTHING }).admin();
  try {
    await admin.connect();
    const topics = [{ topic: eventsTopic, numPartitions: partitions, replicationFactor: 1 }];
    await admin.createTopics({ topics, waitForLeaders: true });
  } catch (error) {
    await broker.process.kill();
    throw error;
  }
  return {
    kind: "started",
    version: tool.version,
    endpoint,
    pids: () => (broker.process.pid === undefined ? [] : [broker.process.pid]),
    recordCount: () => recordCount(admin),
    recordBytes: () => recordBytes(join(folder, "data")),
    kill: () => broker.process.kill(),
    bringBack: async () => {
      if (!broker.process.running) await broker.process.restart();
    },
    stop: async () => {
      await admin.disconnect();
      await broker.process.kill();
    },
  };
}

async function recordCount(admin: Admin): Promise<number> {
  const offsets = await admin.fetchTopicOffsets(eventsTopic);
  return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
}

/** Sizes of the segments: what lies in the page cache counts as it will on the disk. */
function recordBytes(data: string): number {
  const folders = readdirSync(data).filter((name) => name.startsWith(`${eventsTopic}-`));
  return folders
    .flatMap((folder) => readdirSync(join(data, folder)).map((name) => join(data, folder, name)))
    .filter((path) => path.endsWith(".log"))
    .reduce((sum, path) => sum + statSync(path).size, 0);
}
