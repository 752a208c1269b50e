import { connectPostgresLedger } from "@holdfast/adapter-postgres/connect-ledger";
import type { LockId } from "@holdfast/core/lock/lock-id";
import {
  batchRowsMax,
  type Ledger,
  type LedgerRow,
  pageRowsMax,
} from "@holdfast/engine/ports/ledger";
import type { Figures } from "../figures.ts";
import { latencyOf } from "../percentile.ts";
import { type AuditStage, createDatabase } from "./audit-stage.ts";
import { hotLock, lockCount, lockNumber, scriptRows } from "./ledger-script.ts";
import { LedgerView } from "./ledger-view.ts";

const database = "timeline";
const weekMs = 7 * 86_400_000;
/** Locks that are asked for: the first ones fill caches, and count. */
const questions = 200;
const hotQuestions = 20;

/** How long it takes to tell everything of one lock of a week, among so many events. */
export async function measureTimeline(stage: AuditStage, rows: number): Promise<Figures> {
  const { databaseUrl, report } = stage;
  await createDatabase(databaseUrl("postgres"), database);
  const connected = await connectPostgresLedger({ url: databaseUrl(database), migrates: true });
  if (connected.kind !== "connected") throw new Error(connected.message);
  const { ledger } = connected;
  const view = await LedgerView.open(databaseUrl(database));
  try {
    const toMs = Date.now();
    const window = { fromMs: toMs - weekMs, toMs };
    const startMs = performance.now();
    await fill(ledger, scriptRows({ rows, ...window }));
    // As the server does by itself within minutes of such a change.
    await view.execute("vacuum analyze holdfast.events");
    const fillS = (performance.now() - startMs) / 1_000;
    report(`  ${rows} events stored in ${fillS.toFixed(0)} s`);
    const ask = async (lock: LockId): Promise<number> => {
      const fromMs = performance.now();
      const page = await ledger.timeline({ lock, ...window, limit: pageRowsMax });
      const ms = performance.now() - fromMs;
      if (page.kind !== "page") throw new Error(page.message);
      if (page.rows.length === 0) throw new Error(`nothing is told of ${lock.name}`);
      return ms;
    };
    const many: number[] = [];
    const locks = lockCount(rows);
    for (let asked = 0; asked < questions; asked++) {
      many.push(await ask(lockNumber(Math.floor((asked * locks) / questions))));
    }
    const hot: number[] = [];
    for (let asked = 0; asked < hotQuestions; asked++) hot.push(await ask(hotLock));
    const [each, page] = [latencyOf(many), latencyOf(hot)];
    const { rows: rowBytes, indexes } = await view.eventBytes();
    report(`  timeline p50 ${each.p50Ms.toFixed(2)} ms, of the hot lock ${page.p50Ms.toFixed(2)}`);
    return {
      "audit.timeline_ms": each.p50Ms,
      "audit.timeline.p99_ms": each.p99Ms,
      "audit.timeline.first_page_of_hot_ms": page.p50Ms,
      "audit.timeline.rows": await view.rowCount(),
      "audit.timeline.bytes_each": (rowBytes + indexes) / rows,
      "audit.timeline.stored_per_s": rows / fillS,
    };
  } finally {
    await view.close();
    await ledger.close();
  }
}

/** One batch is made while another one is stored. */
async function fill(ledger: Ledger, rows: Iterable<LedgerRow>): Promise<void> {
  let storing: Promise<void> = Promise.resolve();
  const store = async (batch: readonly LedgerRow[]): Promise<void> => {
    const reply = await ledger.append(batch);
    if (reply.kind !== "appended") throw new Error(reply.message);
    if (reply.added !== batch.length) throw new Error("an event was there already");
  };
  let batch: LedgerRow[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < batchRowsMax) continue;
    await storing;
    storing = store(batch);
    batch = [];
  }
  await storing;
  if (batch.length > 0) await store(batch);
}
