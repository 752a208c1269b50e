import { join } from "node:path";
import { isTlsFault, readTlsFiles } from "@holdfast/base/tls/material";
import { prepareKafka } from "@holdfast/toolchain/kafka-process";
import { preparePostgres } from "@holdfast/toolchain/postgres-process";
import { openPassage } from "@holdfast/toolchain/postgres-user";
import { prepareRedis } from "@holdfast/toolchain/redis-process";
import { runCommand } from "@holdfast/toolchain/run-command";
import { type PreparedS3, prepareS3 } from "@holdfast/toolchain/s3-process";
import type { ServerSpec } from "@holdfast/toolchain/server-process";
import type { Certificates } from "./certificates.ts";
import type { ProcessSpec } from "./managed-process.ts";
import { BUCKET, type StoreLayout } from "./record-layout.ts";
import type { RecordTools } from "./record-tools.ts";
import { EXIT_FAILED, type Refusal, refusal } from "./refusal.ts";
import { tlsEnvironment } from "./service-spec.ts";

/** The stores of the record, with their data in place. */
export interface PreparedStores {
  readonly specs: readonly ProcessSpec[];
  readonly s3: Omit<PreparedS3, "specOn">;
}

/** Where the stores keep their data, and how they are reached. */
interface StorePlaces {
  readonly dataDir: string;
  readonly logsDir: string;
  readonly ports: StoreLayout;
  /** Absent: they speak plain text. */
  readonly certificates: Certificates | undefined;
}

/** Makes what data there is not, and tells how the stores are run. */
export async function prepareStores(
  { dataDir, logsDir, ports, certificates }: StorePlaces,
  tools: RecordTools,
): Promise<PreparedStores | Refusal> {
  const own = (name: string) => {
    return { dataDir: join(dataDir, "audit", name), tls: certificates?.of(name) };
  };
  try {
    const redis = prepareRedis({ binary: tools.redis.path, ...own("redis") });
    const { specOn: s3, ...access } = prepareS3({
      binary: tools.versitygw.path,
      ...own("s3"),
    });
    // Postgres refuses to run as root, and whoever it runs as has to get to its folder.
    openPassage(dataDir);
    const [kafka, postgres] = await Promise.all([
      prepareKafka({ binary: tools.kafka.path, ...own("kafka") }),
      preparePostgres({ binary: tools.postgres.path, ...own("postgres") }),
    ]);
    const specs = [
      // Whoever takes a lock may wait for the cache, and for nothing else here.
      { ...managed("kafka", kafka([ports.kafka, ports.kafkaController]), logsDir), yields: true },
      { ...managed("postgres", postgres.specOn([ports.postgres]), logsDir), yields: true },
      managed("redis", redis([ports.redis]), logsDir),
      { ...managed("s3", s3([ports.s3]), logsDir), yields: true },
    ];
    return { specs, s3: access };
  } catch (error) {
    return refusal(`the stores of the record cannot be made: ${(error as Error).message}`, [
      "mend that; for root, whose Postgres runs as another user, every folder above must let others pass",
      "or keep the data elsewhere: npm start -- --audit --data-dir <dir>",
      "or start without --audit: the record is kept in memory then",
    ]);
  }
}

function managed(name: string, spec: ServerSpec, logsDir: string): ProcessSpec {
  const { file, args, env = {}, cwd, user, isReady, stopSignal, stopGraceMs } = spec;
  return {
    ...{ name, file, args, env, stopGraceMs },
    ...(cwd === undefined ? {} : { cwd }),
    ...(user === undefined ? {} : { user }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    logPath: join(logsDir, `${name}.log`),
    watchReady: () => isReady,
  };
}

/** What {@link setUpStores} works with. */
export interface SetUpOptions {
  readonly programs: { readonly archiver: string };
  readonly ports: StoreLayout;
  /** Absent where the stores speak plain text. */
  readonly certificates: Certificates | undefined;
  /** Environment of the archiver. */
  readonly archiver: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Few, for one machine; a topic's partitions decide how many auditors can share it. */
const PARTITIONS = 3;
const TOPICS_TIMEOUT_MS = 20_000;
const BUCKET_TIMEOUT_MS = 30_000;
/** What the auditor has not read in so long is lost: longer than anybody leaves a machine off. */
const RETENTION_MS = 90 * 86_400_000;

/** Makes the topics and the bucket, once the stores serve; undefined: they are there. */
export async function setUpStores(options: SetUpOptions): Promise<Refusal | undefined> {
  return (await makeTopics(options)) ?? (await makeBucket(options));
}

async function makeTopics({ ports, certificates }: SetUpOptions): Promise<Refusal | undefined> {
  // Not before they are needed: a start without the record's stores is not to wait for them.
  const [{ ensureTopics }, { eventsTopic }, { attemptsTopic }, { SystemClock }] = await Promise.all(
    [
      import("@holdfast/adapter-kafka/ensure-topics"),
      import("@holdfast/engine/event-record"),
      import("@holdfast/engine/attempts/attempt-stream"),
      import("@holdfast/base/clock"),
    ],
  );
  const shown = certificates && readTlsFiles(certificates.of("client"));
  if (shown !== undefined && isTlsFault(shown)) return notSetUp(shown.message);
  const topics = [eventsTopic, attemptsTopic].map((name) => {
    return { name, partitions: PARTITIONS, settings: { "retention.ms": String(RETENTION_MS) } };
  });
  const reply = await ensureTopics(
    {
      brokers: [`127.0.0.1:${ports.kafka}`],
      // Nobody renews it while the topics are made.
      tls: shown && { current: shown, onChange: () => () => {} },
      clientId: "holdfast-start",
      requestTimeoutMs: 5_000,
      clock: new SystemClock({ keepsAlive: true }),
      timeoutMs: TOPICS_TIMEOUT_MS,
    },
    topics,
  );
  if (reply.kind === "ready") return undefined;
  return notSetUp(`the topics of the record cannot be made: ${reply.message}`);
}

async function makeBucket({
  programs,
  archiver,
  certificates,
  signal,
}: SetUpOptions): Promise<Refusal | undefined> {
  const made = await runCommand(process.execPath, [programs.archiver, "--ensure-bucket"], {
    env: { ...process.env, ...tlsEnvironment("archiver", certificates), ...archiver },
    timeoutMs: BUCKET_TIMEOUT_MS,
    signal,
  });
  if (made.kind === "done") return undefined;
  const said = made.tail.map((line) => `  | ${line.slice(0, 300)}`);
  return notSetUp([`the bucket ${BUCKET} cannot be made: ${made.why}`, ...said].join("\n"));
}

function notSetUp(message: string): Refusal {
  return refusal(
    message,
    ["look at the logs of kafka, postgres and s3, then npm start -- --audit again"],
    EXIT_FAILED,
  );
}
