import { serveAudit } from "@holdfast/adapter-grpc/serve-audit";
import { KafkaEventLog } from "@holdfast/adapter-kafka/kafka-event-log";
import { connectPostgresLedger } from "@holdfast/adapter-postgres/connect-ledger";
import type { PostgresLedger } from "@holdfast/adapter-postgres/postgres-ledger";
import { S3Archive } from "@holdfast/adapter-s3/s3-archive";
import { PrometheusMeter } from "@holdfast/adapter-telemetry/prometheus-meter";
import { type Clock, SystemClock, sleep } from "@holdfast/base/clock";
import { LedgerDesk } from "@holdfast/engine/audit-desk/ledger-desk";
import { Auditor } from "@holdfast/engine/auditor/auditor";
import type { AuditorNews } from "@holdfast/engine/auditor/auditor-news";
import { newsLine } from "@holdfast/engine/auditor/news-line";
import { eventsTopic } from "@holdfast/engine/event-record";
import type { Archive } from "@holdfast/engine/ports/archive";
import type { EventLog } from "@holdfast/engine/ports/event-log";
import type { Logger } from "@holdfast/runtime/log";
import { openDoor } from "@holdfast/runtime/open-door";
import type { RunningService } from "@holdfast/runtime/service";
import { yieldToOthers } from "@holdfast/runtime/yield-to-others";
import type { AuditorConfig } from "./config.ts";

/** Pause before Kafka is looked for again at the start, in ms. */
const retryMs = 1_000;
/** How long a request to Kafka may take, and how long a commit with all its tries, in ms. */
const requestTimeoutMs = 5_000;
const commitTimeoutMs = 10_000;
/** How long questions under way may take when it is stopped, in ms. */
const drainMs = 1_000;

/** Builds an auditor; it is ready once it has its ledger and its topic. */
export async function compose(
  config: AuditorConfig,
  log: Logger,
  clock: Clock = new SystemClock(),
): Promise<RunningService> {
  yieldToOthers(log);
  const meter = new PrometheusMeter();
  let trouble = (): string | undefined => "starting: waits for Postgres and Kafka";
  const telemetry = await openTelemetry(config.metricsListen, { meter, trouble: () => trouble() });
  const ledger = await awaitPostgresLedger(config.postgres, clock, log);
  // Whoever asks waits for no Kafka: what is in the ledger can be told.
  const archive = openArchive(config);
  const door = await openDoor(config, ledger, archive, clock);
  const events = new KafkaEventLog({
    brokers: config.kafka,
    clientId: "holdfast-auditor",
    clock,
    requestTimeoutMs,
    appendTimeoutMs: commitTimeoutMs,
    onLog: (message) => log.warn({ "event.action": "kafka" }, message),
  });
  await awaitTopic(events, clock, log);
  const listener = (news: AuditorNews) => {
    const { level, fields, message } = newsLine(news);
    log[level](fields, message);
  };
  const auditor = new Auditor({ log: events, ledger, clock, meter, listener });
  auditor.start();
  trouble = () => auditor.trouble;
  return {
    stop: async () => {
      await door?.drain(drainMs);
      await auditor.stop();
      await events.close();
      await ledger.close();
      archive?.close();
      await telemetry?.close();
    },
  };
}

/** Opens the door through which the record is asked, where one is wanted. */
async function openDoor(
  { auditListen: listen }: AuditorConfig,
  ledger: Ledger,
  archive: Archive | undefined,
  clock: Clock,
): Promise<AuditServer | undefined> {
  if (listen === undefined) return undefined;
  const desk = new LedgerDesk({ ledger, clock, ...(archive && { archive }) });
  const door = await serveAudit({ listen, desk, clock, reflection: true });
  if (door.kind === "serving") return door;
  throw new ConfigError(`HOLDFAST_AUDIT_LISTEN ${listen} cannot be used: ${door.message}`);
}

/** What older records are read from; it connects when somebody asks. */
function openArchive({ archive, auditListen }: AuditorConfig): S3Archive | undefined {
  if (archive === undefined || auditListen === undefined) return undefined;
  // Nothing is ever put from here.
  return new S3Archive({ ...archive, lockMode: "governance" });
}

async function openTelemetry(
  { metricsListen: listen }: AuditorConfig,
  meter: PrometheusMeter,
  trouble: () => string | undefined,
) {
  if (listen === undefined) return undefined;
  const telemetry = await serveTelemetry({ listen, meter, trouble });
  if (telemetry.kind === "serving") return telemetry;
  throw new ConfigError(`HOLDFAST_METRICS_LISTEN ${listen} cannot be used: ${telemetry.message}`);
}

/** What may change by itself is waited for; everything else is the configuration's fault. */
async function connectLedger(
  { postgres: url }: AuditorConfig,
  clock: Clock,
  log: Logger,
): Promise<PostgresLedger> {
  for (;;) {
    const connected = await connectPostgresLedger({ url, migrates: true });
    if (connected.kind === "connected") return connected.ledger;
    const { reason, message } = connected;
    if (reason !== "unavailable") throw new ConfigError(`HOLDFAST_POSTGRES: ${message}`);
    log.warn({ "event.action": "waiting", "event.reason": "ledger" }, message);
    await sleep(clock, retryMs);
  }
}

async function awaitTopic(events: EventLog, clock: Clock, log: Logger): Promise<void> {
  for (;;) {
    const reply = await events.checkTopic(eventsTopic, 1);
    if (reply.kind === "ready") return;
    log.warn({ "event.action": "waiting", "event.reason": "log" }, reply.message);
    await sleep(clock, retryMs);
  }
}
