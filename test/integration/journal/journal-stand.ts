import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { journalKey, parseKey } from "@holdfast/core/lock/keys";
import { eventsTopic, readEventRecord } from "@holdfast/engine/event-record";
import { type Checkpoint, decodeCheckpoint } from "@holdfast/engine/journal/checkpoint";
import { TopicReader } from "@holdfast/engine/testing/topic-reader";
import { ServerProcess } from "@holdfast/toolchain/server-process";
import {
  type KafkaUnderTest,
  kafkaMissing,
  startKafkaUnderTest,
} from "../../contract/kafka-under-test.ts";
import { type EtcdServer, etcdMissing, startEtcd } from "../etcd-server.ts";
import { linesOf } from "../log-lines.ts";
import { newRequestId, Region } from "../region.ts";
import { until } from "../until.ts";

/** Why journals cannot be tested here; undefined if they can. */
export const standMissing = etcdMissing ?? kafkaMissing;

const root = new URL("../../../", import.meta.url);
const service = "journal";
const main = fileURLToPath(new URL(`services/${service}/src/main.ts`, root));
/** Of the topic. */
const partitions = 4;

/** A Kafka, and journals of shards that each have an etcd of their own. */
export class JournalStand implements AsyncDisposable {
  readonly kafka: KafkaUnderTest;
  readonly #folder: string;
  readonly #shards: JournaledShard[] = [];
  #topic: Promise<void> | undefined;
  #reads = 0;

  private constructor(kafka: KafkaUnderTest, folder: string) {
    this.kafka = kafka;
    this.#folder = folder;
  }

  static async start(): Promise<JournalStand> {
    const kafka = await startKafkaUnderTest();
    return new JournalStand(kafka, await mkdtemp(join(tmpdir(), "holdfast-journal-")));
  }

  /** Makes the topic; once. */
  createTopic(): Promise<void> {
    this.#topic ??= this.kafka.createTopic(eventsTopic, partitions);
    return this.#topic;
  }

  /** A new shard with a router in this process, and the topic unless it is to come later. */
  async shard(topic: "now" | "later" = "now"): Promise<JournaledShard> {
    if (topic === "now") await this.createTopic();
    const etcd = await startEtcd();
    const region = await new Region({ urls: [etcd.url] }).start();
    const folder = join(this.#folder, `${this.#shards.length}`);
    const shard = new JournaledShard(etcd, region, folder, this.kafka.broker.endpoint);
    this.#shards.push(shard);
    return shard;
  }

  /** All that the topic has of a cluster. */
  async read(cluster: string): Promise<TopicReader> {
    const reader = new TopicReader(cluster);
    const consumer = this.kafka
      .openLog(10_000)
      .openConsumer(`reader-${this.#reads++}`, [eventsTopic]);
    let [quiet, joined] = [0, false];
    while (quiet < 2) {
      const reply = await consumer.next(700);
      if (reply.kind === "assigned") joined = true;
      if (reply.kind === "idle" && joined) quiet += 1;
      if (reply.kind !== "records") continue;
      quiet = 0;
      for (const record of reply.batch.records) {
        const read = readEventRecord(record);
        if (read.kind !== "event" || read.event.cluster === cluster) reader.add(record);
      }
      await consumer.commit(reply.batch);
    }
    await consumer.close();
    return reader;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const shard of this.#shards) await shard[Symbol.asyncDispose]();
    await this.kafka[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A change of a holder's key, as etcd's own history has it. */
interface HolderChange {
  readonly revision: bigint;
  readonly what: "began" | "ended";
  readonly name: string;
  readonly grantId: string;
}

/** One shard, its journals, and somebody who reads etcd's history beside them. */
export class JournaledShard implements AsyncDisposable {
  readonly region: Region;
  readonly etcd: EtcdServer;
  /** Every beginning and end of a tenure, in order. */
  readonly history: HolderChange[] = [];
  readonly #store: EtcdShardStore;
  readonly #folder: string;
  readonly #kafka: string;
  readonly #journals: ServerProcess[] = [];
  readonly #held = new Set<string>();
  /** The last revision that the witness was told of. */
  #seen = 0n;
  #isClosed = false;

  constructor(etcd: EtcdServer, region: Region, folder: string, kafka: string) {
    this.etcd = etcd;
    this.region = region;
    this.#folder = folder;
    this.#kafka = kafka;
    this.#store = new EtcdShardStore({ endpoints: [etcd.url], region: "here", shard: "witness" });
    this.#witness();
  }

  /** A journal that has yet to be started. */
  journal(): ServerProcess {
    const title = `journal-${this.#journals.length}`;
    const logPath = join(this.#folder, `${title}.log`);
    const journal = new ServerProcess({
      title,
      file: process.execPath,
      args: [main],
      env: {
        HOLDFAST_CLUSTER: "test",
        HOLDFAST_REGION: "here",
        HOLDFAST_SHARDS: `s0=${this.etcd.url}`,
        HOLDFAST_KAFKA: this.#kafka,
      },
      logPath,
      isReady: (pid) =>
        linesOf(logPath).some((line) => line.pid === pid && line.action === "ready"),
      startTimeoutMs: 30_000,
      stopGraceMs: 6_000,
    });
    this.#journals.push(journal);
    return journal;
  }

  /** The present revision. */
  async revision(): Promise<bigint> {
    const reply = await this.#store.range({ kind: "range", key: journalKey });
    if (reply.kind !== "read") throw new Error(reply.message);
    return reply.revision;
  }

  compact(revision: bigint) {
    return this.#store.compact(revision);
  }

  /** Waits until the router can open sessions, as it cannot right after its etcd was away. */
  async isOpen(): Promise<void> {
    await until("sessions can be opened", async () => {
      const requestId = newRequestId();
      const opening = { kind: "open-session", region: "here", ttlMs: 5_000, requestId } as const;
      return (await this.region.execute(opening)).kind === "opened";
    });
  }

  /** The stored checkpoint. */
  async checkpoint(): Promise<Checkpoint | undefined> {
    const reply = await this.#store.range({ kind: "range", key: journalKey });
    const stored = reply.kind === "read" ? reply.range.kvs[0] : undefined;
    return stored && decodeCheckpoint(stored.value);
  }

  /** Waits until all that happened up to now is in the log. */
  async told(timeoutMs = 40_000): Promise<string> {
    const revision = await this.revision();
    let last: Checkpoint | undefined;
    await until(
      `the checkpoint is at ${revision}`,
      async () => {
        last = await this.checkpoint();
        return last !== undefined && last.done.revision >= revision;
      },
      timeoutMs,
    );
    await until("etcd's history was read", () => this.#seen >= revision - 1n, timeoutMs);
    return last?.done.head.cluster ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#journals.map((journal) => journal.stop()));
    this.#store.close();
    await this.region[Symbol.asyncDispose]();
    await this.etcd[Symbol.asyncDispose]();
  }

  /** Without anything of the journal's: keys of holders that are made and deleted. */
  #witness(): void {
    const watch = { key: " ", rangeEnd: "~", startRevision: this.#seen + 1n };
    this.#store.watch(watch, {
      onEvents: (revision, events) => {
        this.#seen = revision;
        for (const { kind, kv } of events) {
          const key = parseKey(kv.key);
          if (key === undefined || (key.kind !== "x" && key.kind !== "s")) continue;
          if (kind === "put" && this.#held.has(kv.key)) continue;
          if (kind === "put") this.#held.add(kv.key);
          else this.#held.delete(kv.key);
          const what = kind === "put" ? "began" : "ended";
          this.history.push({ revision, what, name: key.name, grantId: key.grantId });
        }
      },
      onEnd: (reason) => {
        if (reason === "compacted") throw new Error("the witness is compacted past");
        if (!this.#isClosed) setTimeout(() => this.#witness(), 100);
      },
    });
  }
}
