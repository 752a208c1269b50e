import { connectEtcdShard, type EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { serveAudit } from "@holdfast/adapter-grpc/serve-audit";
import { startTelemetry } from "@holdfast/adapter-telemetry/telemetry";
import { type Clock, SystemClock } from "@holdfast/base/clock";
import type { Tracer } from "@holdfast/base/tracer";
import { ForgetfulDesk } from "@holdfast/engine/audit-desk/forgetful-desk";
import { LedgerDesk } from "@holdfast/engine/audit-desk/ledger-desk";
import { Auditor } from "@holdfast/engine/auditor/auditor";
import { newsLine } from "@holdfast/engine/auditor/news-line";
import { eventsTopic } from "@holdfast/engine/event-record";
import type { JournalNotice } from "@holdfast/engine/journal/journal-notice";
import { MemoryCheckpoints } from "@holdfast/engine/journal/memory-checkpoints";
import { ShardJournal } from "@holdfast/engine/journal/shard-journal";
import { MemoryEventLog } from "@holdfast/engine/memory/memory-event-log";
import { MemoryLedger } from "@holdfast/engine/memory/memory-ledger";
import type { AuditDesk } from "@holdfast/engine/ports/audit-desk";
import type { Meter } from "@holdfast/engine/ports/meter";
import type { Logger } from "@holdfast/runtime/log";
import { openDoor } from "@holdfast/runtime/open-door";
import { openTls, type ServiceTls } from "@holdfast/runtime/open-tls";
import { ConfigError, type RunningService } from "@holdfast/runtime/service";
import { yieldToOthers } from "@holdfast/runtime/yield-to-others";
import type { RecorderConfig, RegionShard } from "./config.ts";

/** Events between the journals and the auditor; past it the shards keep the rest. */
const waitingMax = 20_000;
/** How many locks the safety checker remembers, a kilobyte each. */
const locksMax = 50_000;
const drainMs = 1_000;

/** What all journals write to, and how they do. */
interface Shared {
  readonly clock: Clock;
  readonly events: MemoryEventLog;
  readonly meter: Meter;
  readonly tracer: Tracer | undefined;
  readonly log: Logger;
}

/** Builds journals, auditor and ledger in one process; it is ready once it can be asked. */
export async function compose(
  config: RecorderConfig,
  log: Logger,
  clock: Clock = new SystemClock({ keepsAlive: true }),
): Promise<RunningService> {
  yieldToOthers(log);
  const beganAtMs = clock.wallMs();
  const tls = openTls(config.tls, clock, log);
  const telemetry = await startTelemetry(config, "recorder", log, tls);
  const { meter, tracer } = telemetry;
  const ledger = new MemoryLedger({ rowsMax: config.rowsMax, whenFull: "forgets" });
  const events = new MemoryEventLog(clock, {}, { waitingMax });
  // One partition: each chain arrives in its order, and what is forgotten of it is its beginning.
  events.createTopic(eventsTopic, 1);
  const auditor = startAuditor(ledger, { clock, events, meter, tracer, log });
  telemetry.follow({ trouble: () => auditor.trouble });
  const forgottenOf = (cluster: string): bigint => ledger.forgotten.get(cluster) ?? 0n;
  const desk = new LedgerDesk({ ledger, clock, forgottenOf });
  const beginsAtMs = (): number => Math.max(beganAtMs, ledger.forgottenToMs + 1);
  const door = await openAudit(config, new ForgetfulDesk(desk, beginsAtMs), clock, tls);
  const journals: ShardJournal[] = [];
  const stores: EtcdShardStore[] = [];
  for (const each of config.shards) {
    const connected = await connectEtcdShard({ ...each, tls: tls.etcd });
    if (connected.kind !== "connected") throw new ConfigError(connected.message);
    stores.push(connected.store);
    journals.push(
      startJournal(config, each, connected.store, { clock, events, meter, tracer, log }),
    );
  }
  return {
    stop: async () => {
      await door.drain(drainMs);
      await Promise.all(journals.map((journal) => journal.stop()));
      await auditor.stop();
      await events.close();
      for (const store of stores) store.close();
      await telemetry.close();
      tls.close();
    },
  };
}

function startAuditor(
  ledger: MemoryLedger,
  { clock, events, meter, tracer, log }: Shared,
): Auditor {
  const auditor = new Auditor({
    ...{ log: events, ledger, clock, meter, tracer, locksMax },
    listener: (news) => {
      const { level, fields, message } = newsLine(news);
      log[level](fields, message);
    },
  });
  auditor.start();
  return auditor;
}

function startJournal(
  { cluster }: RecorderConfig,
  { region, shard }: RegionShard,
  store: EtcdShardStore,
  { clock, events, meter, tracer, log }: Shared,
): ShardJournal {
  const journal = new ShardJournal({
    ...{ store, log: events, clock, meter, tracer, installation: cluster, region, shard },
    name: `recorder/${process.pid}`,
    checkpoints: new MemoryCheckpoints(),
    onNotice: (notice) => {
      const { level, action, message } = said(notice);
      log[level]({ "event.action": action, region, shard }, message);
    },
  });
  journal.start();
  return journal;
}

/** A record that begins in the middle of a shard's life has no history before, and misses none. */
function said(notice: JournalNotice): JournalNotice {
  if (notice.action !== "history-gone") return notice;
  const message = "begins with what stands: the history from before is compacted";
  return { level: "info", action: "begun", message };
}

async function openAudit(
  { auditListen: listen }: RecorderConfig,
  desk: AuditDesk,
  clock: Clock,
  { door: tls }: ServiceTls,
) {
  const opening = serveAudit({ listen, desk, clock, reflection: true, tls });
  return openDoor("HOLDFAST_AUDIT_LISTEN", listen, opening);
}
