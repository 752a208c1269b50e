import { serveAudit } from "@holdfast/adapter-grpc/serve-audit";
import { KafkaEventLog } from "@holdfast/adapter-kafka/kafka-event-log";
import { awaitPostgresLedger } from "@holdfast/adapter-postgres/await-ledger";
import { S3Archive } from "@holdfast/adapter-s3/s3-archive";
import { startTelemetry } from "@holdfast/adapter-telemetry/telemetry";
import { type Clock, SystemClock, sleep } from "@holdfast/base/clock";
import { LedgerDesk } from "@holdfast/engine/audit-desk/ledger-desk";
import { Auditor } from "@holdfast/engine/auditor/auditor";
import type { AuditorNews } from "@holdfast/engine/auditor/auditor-news";
import { newsLine } from "@holdfast/engine/auditor/news-line";
import { eventsTopic } from "@holdfast/engine/event-record";
import type { AuditDesk } from "@holdfast/engine/ports/audit-desk";
import type { EventLog } from "@holdfast/engine/ports/event-log";
import type { Logger } from "@holdfast/runtime/log";
import { openDoor } from "@holdfast/runtime/open-door";
import { openTls, type ServiceTls } from "@holdfast/runtime/open-tls";
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
  const tls = openTls(config.tls, clock, log);
  const telemetry = await startTelemetry(
    config,
    "auditor",
    log,
    tls,
    "starting: waits for Postgres and Kafka",
  );
  const { meter, tracer } = telemetry;
  const ledger = await awaitPostgresLedger(config.postgres, clock, log);
  // Whoever asks waits for no Kafka: what is in the ledger can be told.
  const archive = openArchive(config, tls);
  const desk = new LedgerDesk({ ledger, clock, ...(archive && { archive }) });
  const door = await openAudit(config, desk, clock, tls);
  const events = new KafkaEventLog({
    brokers: config.kafka,
    tls: tls.kafka,
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
  const auditor = new Auditor({ log: events, ledger, clock, meter, tracer, listener });
  auditor.start();
  telemetry.follow({ trouble: () => auditor.trouble });
  return {
    stop: async () => {
      await door?.drain(drainMs);
      await auditor.stop();
      await events.close();
      await ledger.close();
      archive?.close();
      await telemetry.close();
      tls.close();
    },
  };
}

/** Opens the door through which the record is asked, where one is wanted. */
async function openAudit(
  { auditListen: listen }: AuditorConfig,
  desk: AuditDesk,
  clock: Clock,
  { door: tls }: ServiceTls,
) {
  if (listen === undefined) return undefined;
  const opening = serveAudit({ listen, desk, clock, reflection: true, tls });
  return openDoor("HOLDFAST_AUDIT_LISTEN", listen, opening);
}

/** What older records are read from; it connects when somebody asks. */
function openArchive(
  { archive, auditListen }: AuditorConfig,
  tls: ServiceTls,
): S3Archive | undefined {
  if (archive === undefined || auditListen === undefined) return undefined;
  // Nothing is ever put from here.
  return new S3Archive({ ...archive, lockMode: "governance", tls: tls.s3 });
}

async function awaitTopic(events: EventLog, clock: Clock, log: Logger): Promise<void> {
  for (;;) {
    const reply = await events.checkTopic(eventsTopic, 1);
    if (reply.kind === "ready") return;
    log.warn({ "event.action": "waiting", "event.reason": "log" }, reply.message);
    await sleep(clock, retryMs);
  }
}
