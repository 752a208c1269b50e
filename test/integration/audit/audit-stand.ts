import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KafkaEventLog } from "@holdfast/adapter-kafka/kafka-event-log";
import { mendTimers } from "@holdfast/adapter-kafka/mended-timers";
import { PostgresLedger } from "@holdfast/adapter-postgres/postgres-ledger";
import { SystemClock } from "@holdfast/base/clock";
import { eventsTopic } from "@holdfast/engine/event-record";
import type { ConsumedRecord, EventProducer, EventRecord } from "@holdfast/engine/ports/event-log";
import type { LedgerRow } from "@holdfast/engine/ports/ledger";
import { findTool } from "@holdfast/toolchain/find-tool";
import { type KafkaServer, startKafka } from "@holdfast/toolchain/kafka-process";
import { type PostgresServer, startPostgres } from "@holdfast/toolchain/postgres-process";
import { Kafka, logLevel } from "kafkajs";
import pg from "pg";
import { AuditorProcess } from "./auditor-process.ts";

const [kafka, postgres] = await Promise.all([findTool("kafka"), findTool("postgres")]);

/** Why the auditor cannot be tested here; undefined if it can. */
export const standMissing = [kafka, postgres]
  .flatMap((tool) => (tool.kind === "found" ? [] : [tool.reason]))
  .at(0);
if (standMissing !== undefined) console.warn(`skipped: ${standMissing}`);

/** So many at once are within any limit. */
const appendRecords = 1_000;

/** No secret: the server listens on loopback, and lives as long as the suite. */
const password = "stand";

/** A Kafka and a Postgres of the suite's own, and as many auditors as it likes. */
export class AuditStand implements AsyncDisposable {
  readonly broker: KafkaServer;
  readonly database: PostgresServer;
  /** For logs and data; gone with the stand. */
  readonly folder: string;
  readonly #log: KafkaEventLog;
  readonly #producer: EventProducer;
  readonly #ledgers: PostgresLedger[] = [];
  readonly #auditors: AuditorProcess[] = [];
  #databases = 0;
  #made = 0;

  private constructor(folder: string, broker: KafkaServer, database: PostgresServer) {
    this.folder = folder;
    this.broker = broker;
    this.database = database;
    this.#log = new KafkaEventLog({
      brokers: [broker.endpoint],
      clientId: "stand",
      clock: new SystemClock(),
      appendTimeoutMs: 4_000,
      requestTimeoutMs: 2_000,
      onLog: () => {},
    });
    this.#producer = this.#log.openProducer(eventsTopic);
  }

  static async start(): Promise<AuditStand> {
    if (kafka.kind !== "found" || postgres.kind !== "found") throw new Error(standMissing);
    const folder = await mkdtemp(join(tmpdir(), "holdfast-audit-"));
    const [broker, database] = await Promise.all([
      startKafka({ binary: kafka.path, dataDir: join(folder, "kafka") }),
      startPostgres({
        binary: postgres.path,
        dataDir: join(folder, "postgres"),
        password,
        settings: { fsync: "off" },
      }),
    ]);
    return new AuditStand(folder, broker, database);
  }

  /** Makes a topic. */
  async createTopic(topic: string, partitions: number): Promise<void> {
    mendTimers();
    const client = new Kafka({ brokers: [this.broker.endpoint], logLevel: logLevel.NOTHING });
    const admin = client.admin();
    await admin.connect();
    const topics = [{ topic, numPartitions: partitions, replicationFactor: 1 }];
    await admin.createTopics({ topics, waitForLeaders: true });
    await admin.disconnect();
  }

  /** The address of a new, empty database. */
  async newDatabase(): Promise<string> {
    this.#databases += 1;
    const name = `d${this.#databases}`;
    await execute(this.#urlOf("postgres"), `create database ${name}`);
    return this.#urlOf(name);
  }

  /** An auditor over a database, which has yet to be started. */
  async auditor(postgres: string, kafka = this.broker.endpoint): Promise<AuditorProcess> {
    this.#made += 1;
    const name = `auditor-${this.#made}`;
    const made = await AuditorProcess.make({ folder: this.folder, name, kafka, postgres });
    this.#auditors.push(made);
    return made;
  }

  /** Ends all auditors; asked to, they leave their group at once. */
  async stopAuditors(): Promise<void> {
    await Promise.all(this.#auditors.splice(0).map((auditor) => auditor.stop()));
  }

  /** What is in a database, once an auditor has made it a ledger. */
  ledger(url: string): PostgresLedger {
    const ledger = new PostgresLedger(url);
    this.#ledgers.push(ledger);
    return ledger;
  }

  /** Appends as a journal does: once more whenever it is not sure. */
  async produce(records: readonly EventRecord[]): Promise<void> {
    for (let from = 0; from < records.length; from += appendRecords) {
      await this.#append(records.slice(from, from + appendRecords));
    }
  }

  /** What a topic holds, by somebody who reads it for the first time, once there is so much. */
  async read(topic: string, count: number): Promise<ConsumedRecord[]> {
    const consumer = this.#log.openConsumer(`reader of ${topic}`, [topic]);
    const records: ConsumedRecord[] = [];
    for (let looks = 0; looks < 100 && records.length < count; looks++) {
      const reply = await consumer.next(200);
      if (reply.kind !== "records") continue;
      records.push(...reply.batch.records);
      await consumer.commit(reply.batch);
    }
    await consumer.close();
    return records;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopAuditors();
    await Promise.all(this.#ledgers.map((ledger) => ledger.close()));
    await this.#log.close();
    await Promise.all([this.broker.process.stop(), this.database.process.stop()]);
    await rm(this.folder, { recursive: true, force: true });
  }

  async #append(records: readonly EventRecord[]): Promise<void> {
    for (let tries = 0; tries < 60; tries++) {
      const reply = await this.#producer.append(records);
      if (reply.kind === "appended") return;
      await sleep(200);
    }
    throw new Error("the broker does not come back");
  }

  #urlOf(database: string): string {
    const { port, user } = this.database;
    return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  }
}

/** Runs a statement on a connection of its own. */
export async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  // Whoever kills the server hears of it elsewhere.
  client.on("error", () => {});
  await client.connect();
  await client.query(statement);
  await client.end();
}

/** All rows of a cluster in the order of its chain; those there are, if the ledger is away. */
export async function chainOf(ledger: PostgresLedger, cluster: string): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = [];
  let after: { after?: string } = {};
  for (;;) {
    const page = await ledger.chain({ cluster, limit: 1_000, ...after });
    if (page.kind !== "page") return rows;
    rows.push(...page.rows);
    if (page.next === undefined) return rows;
    after = { after: page.next };
  }
}
