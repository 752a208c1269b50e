import { awaitPostgresLedger } from "@holdfast/adapter-postgres/await-ledger";
import { connectPostgresLedger } from "@holdfast/adapter-postgres/connect-ledger";
import { S3Archive } from "@holdfast/adapter-s3/s3-archive";
import { startTelemetry } from "@holdfast/adapter-telemetry/telemetry";
import { type Clock, SystemClock } from "@holdfast/base/clock";
import { Archiver } from "@holdfast/engine/archiver/archiver";
import { newsLine } from "@holdfast/engine/archiver/news-line";
import { type ArchiveFinding, verifyArchive } from "@holdfast/engine/archiver/verify-archive";
import type { Archive } from "@holdfast/engine/ports/archive";
import type { Ledger } from "@holdfast/engine/ports/ledger";
import type { Meter } from "@holdfast/engine/ports/meter";
import { silentMeter } from "@holdfast/engine/silent-meter";
import type { Logger } from "@holdfast/runtime/log";
import { openTls } from "@holdfast/runtime/open-tls";
import type { RunningService } from "@holdfast/runtime/service";
import { yieldToOthers } from "@holdfast/runtime/yield-to-others";
import type { ArchiverConfig, taskNames } from "./config.ts";

/** Builds an archiver that runs; it is ready once it has its ledger. */
export async function compose(
  config: ArchiverConfig,
  log: Logger,
  clock: Clock = new SystemClock(),
): Promise<RunningService> {
  yieldToOthers(log);
  const tls = openTls(config.tls, clock, log);
  const telemetry = await startTelemetry(
    config,
    "archiver",
    log,
    tls,
    "starting: waits for Postgres",
  );
  const { meter } = telemetry;
  const ledger = await awaitPostgresLedger(config.postgres, clock, log);
  const archive = new S3Archive({ ...config.store, tls: tls.s3 });
  const archiver = makeArchiver(config, { ledger, archive, meter, clock }, log);
  telemetry.follow({ trouble: () => archiver.trouble });
  const running = archiver.run();
  return {
    stop: async () => {
      archiver.stop();
      await running;
      archive.close();
      await ledger.close();
      await telemetry.close();
      tls.close();
    },
  };
}

/** Does what the arguments ask for, and ends; the first one that does not come about ends it. */
export async function runTasks(config: ArchiverConfig, log: Logger): Promise<boolean> {
  const [clock, meter] = [new SystemClock({ keepsAlive: true }), silentMeter];
  const tls = openTls(config.tls, clock, log);
  const archive = new S3Archive({ ...config.store, tls: tls.s3 });
  const tasks: Readonly<Record<(typeof taskNames)[number], () => Promise<boolean>>> = {
    "--ensure-bucket": () => ensureBucket(config, archive, log),
    "--once": () =>
      withLedger(config, log, (ledger) =>
        makeArchiver(config, { ledger, archive, meter, clock }, log).round(),
      ),
    "--verify": () => withLedger(config, log, (ledger) => verify(ledger, archive, log)),
  };
  try {
    for (const task of config.tasks) if (!(await tasks[task]())) return false;
    return true;
  } finally {
    archive.close();
    tls.close();
  }
}

async function withLedger(
  { postgres: url }: ArchiverConfig,
  log: Logger,
  work: (ledger: Ledger) => Promise<boolean>,
): Promise<boolean> {
  const connected = await connectPostgresLedger({ url, migrates: true });
  if (connected.kind !== "connected") return failed(log, connected.message);
  const { ledger } = connected;
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

function makeArchiver(
  { settings }: ArchiverConfig,
  parts: { ledger: Ledger; archive: Archive; meter: Meter; clock: Clock },
  log: Logger,
): Archiver {
  return new Archiver({
    ...parts,
    settings,
    onNews: (news) => {
      const { level, fields, message } = newsLine(news);
      log[level](fields, message);
    },
  });
}

async function ensureBucket(
  { bucket, store }: ArchiverConfig,
  archive: Archive,
  log: Logger,
): Promise<boolean> {
  const reply = await archive.ensureBucket(bucket);
  if (reply.kind !== "ready") return failed(log, reply.message);
  for (const warning of reply.warnings) log.warn({ "event.action": "bucket-setting" }, warning);
  const message = `bucket ${store.bucket} ${reply.wasMade ? "was made" : "is there"}`;
  log.info({ "event.action": "bucket-ready" }, message);
  return true;
}

async function verify(ledger: Ledger, archive: Archive, log: Logger): Promise<boolean> {
  const counts = { whole: 0, frozen: 0, damaged: 0, unread: 0 };
  const failure = await verifyArchive({ ledger, archive }, {}, (finding: ArchiveFinding) => {
    counts[finding.kind] += 1;
    if (!("message" in finding)) return;
    const { message, kind, part } = finding;
    log.error({ "event.action": `archive-${kind}`, day: part.day, key: part.key }, message);
  });
  if (failure !== undefined) return failed(log, failure.message);
  const { whole, frozen, damaged, unread } = counts;
  const message = `${whole} parts are whole, ${frozen} were not read because they are frozen, ${damaged} damages, ${unread} unread`;
  log.info({ "event.action": "archive-verified", ...counts }, message);
  return damaged + unread === 0;
}

function failed(log: Logger, message: string): false {
  log.error({ "event.action": "failed" }, message);
  return false;
}
