import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ContenderSettings } from "../contenders/contender.ts";
import { type EtcdServers, startEtcd } from "../servers/etcd-cluster.ts";
import { type HoldfastServers, startHoldfast } from "../servers/holdfast.ts";
import { type KafkaServer, startKafka } from "../servers/kafka.ts";
import { startPostgres } from "../servers/postgres.ts";
import type { ServerSet, ServersResult } from "../servers/server-set.ts";
import { LedgerView } from "./ledger-view.ts";
import { Pipeline } from "./pipeline.ts";

/** One region of Holdfast with everything that keeps its record. */
export interface AuditStage extends AsyncDisposable {
  readonly etcd: EtcdServers;
  readonly broker: KafkaServer;
  readonly postgres: ServerSet;
  readonly holdfast: HoldfastServers;
  readonly pipeline: Pipeline;
  /** The ledger of the pipeline. */
  readonly ledger: LedgerView;
  /** URL of a database of the server. */
  databaseUrl(name: string): string;
  readonly settings: ContenderSettings;
  readonly versions: Readonly<Record<string, string>>;
  /** Further arguments for the Node of the processes that put on load. */
  readonly execArgv: readonly string[];
  readonly report: (line: string) => void;
}

/** A server that this machine cannot have. */
export interface StageMissing {
  readonly kind: "missing";
  readonly reason: string;
}

/** The database of the pipeline's ledger. */
export const pipelineDatabase = "pipeline";
const pollMs = 50;
const wholeMsMax = 10_000;

/**
 * Starts everything, or says what this machine lacks. The ledger has its schema; the pipeline does
 * not run.
 */
export async function startAuditStage(
  execArgv: readonly string[],
  report: (line: string) => void,
): Promise<AuditStage | StageMissing> {
  const started = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  started.defer(() => rmSync(folder, { recursive: true, force: true }));
  const keep = <S extends ServerSet>(result: ServersResult<S>): S => {
    if (result.kind === "missing") throw new MissingServer(result.reason);
    started.defer(() => result.stop());
    return result;
  };
  try {
    // When a row was committed is asked of the server.
    const noting = { settings: { track_commit_timestamp: "on" }, yields: true };
    const etcd = keep(await startEtcd(join(folder, "etcd")));
    const broker = keep(await startKafka(join(folder, "kafka")));
    const postgres = keep(await startPostgres(join(folder, "postgres"), noting));
    const { endpoints } = etcd;
    const holdfast = await startHoldfast({ etcd: endpoints, folder, execArgv });
    started.defer(() => holdfast.stop());
    const databaseUrl = (name: string): string =>
      `postgres://bench@127.0.0.1:${postgres.port}/${name}`;
    await createDatabase(databaseUrl("postgres"), pipelineDatabase);
    const url = databaseUrl(pipelineDatabase);
    const options = { etcd: endpoints, kafka: broker.endpoint, postgres: url, folder, execArgv };
    const pipeline = new Pipeline(options);
    started.defer(() => pipeline.stop());
    // Brings the schema.
    await pipeline.start("auditor");
    const ledger = await LedgerView.open(url);
    started.defer(() => ledger.close());
    await pipeline.stop();
    const settings = { etcd: endpoints, redis: [], postgres: 0, router: holdfast.endpoint };
    const { version: kafka } = broker;
    return {
      ...{ etcd, broker, postgres, holdfast, pipeline, ledger, databaseUrl, settings },
      versions: { etcd: etcd.version, kafka, postgres: postgres.version },
      ...{ execArgv, report },
      [Symbol.asyncDispose]: () => started.disposeAsync(),
    };
  } catch (error) {
    await started.disposeAsync();
    if (error instanceof MissingServer) return { kind: "missing", reason: error.message };
    throw error;
  }
}

class MissingServer extends Error {}

/** Makes an empty database. */
export async function createDatabase(adminUrl: string, name: string): Promise<void> {
  const admin = await LedgerView.open(adminUrl);
  try {
    await admin.execute(`create database ${name}`);
  } finally {
    await admin.close();
  }
}

/**
 * Waits until the ledger has so many events, and fails if none comes for `stalledMsMax`. Resolves
 * with how many there are.
 */
export async function rowsReach(
  { ledger }: { readonly ledger: Pick<LedgerView, "rowCount"> },
  rows: number,
  stalledMsMax = 60_000,
): Promise<number> {
  let seen = -1;
  let movedMs = performance.now();
  for (;;) {
    const count = await ledger.rowCount();
    if (count >= rows) return count;
    const nowMs = performance.now();
    if (count > seen) [seen, movedMs] = [count, nowMs];
    if (nowMs - movedMs > stalledMsMax) {
      throw new Error(`the ledger has ${count} events of ${rows}, and no more come`);
    }
    await sleep(pollMs);
  }
}

/**
 * Waits a little until the ledger has exactly the events of its chain, and fails if it has not: a
 * pipeline that is fast because it leaves something out is none.
 */
export async function ledgerIsWhole({ ledger }: Pick<AuditStage, "ledger">): Promise<void> {
  const endMs = performance.now() + wholeMsMax;
  for (;;) {
    const [rows, chained] = [await ledger.rowCount(), await ledger.lastSequence()];
    if (rows === chained) return;
    if (performance.now() > endMs) {
      throw new Error(`the ledger has ${rows} events, and the chain ${chained}`);
    }
    await sleep(pollMs);
  }
}
