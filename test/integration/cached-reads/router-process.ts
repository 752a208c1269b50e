import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { ServerProcess } from "@holdfast/toolchain/server-process";

const root = new URL("../../../", import.meta.url);
const main = fileURLToPath(new URL("services/router/src/main.ts", root));

/** A router as it is run, over one shard of region `here`. */
export interface RouterProcess extends AsyncDisposable {
  readonly endpoint: string;
  /** `host:port` of /metrics. */
  readonly metrics: string;
  /** Stops it and starts it again; a start is waited for. */
  readonly server: ServerProcess;
  /** Everything it printed. */
  log(): string;
  /** A counter as /metrics has it, all labels together that are not named. */
  count(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
}

/** Starts it and waits until it serves. */
export async function startRouter(
  etcd: string,
  env: Readonly<Record<string, string>>,
): Promise<RouterProcess> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-router-"));
  const [port, metricsPort] = await freePorts(2);
  const logPath = join(folder, "router.log");
  const log = () => readFileSync(logPath, "utf8");
  const router = new ServerProcess({
    title: "router",
    file: process.execPath,
    args: [main],
    env: {
      HOLDFAST_CLUSTER: "test",
      HOLDFAST_REGION: "here",
      HOLDFAST_SHARDS: `s0=${etcd}`,
      HOLDFAST_LISTEN: `127.0.0.1:${port}`,
      HOLDFAST_METRICS_LISTEN: `127.0.0.1:${metricsPort}`,
      ...env,
    },
    logPath,
    isReady: (pid) => readyPids(log()).includes(pid),
    startTimeoutMs: 20_000,
    stopGraceMs: 6_000,
  });
  router.start();
  if (!(await router.waitReady())) throw new Error(router.describeFailure());
  return {
    endpoint: `127.0.0.1:${port}`,
    metrics: `127.0.0.1:${metricsPort}`,
    server: router,
    log,
    count: async (name, labels = {}) => {
      const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
      const wanted = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
      const lines = (await answer.text()).split("\n").filter((line) => {
        return line.startsWith(name) && wanted.every((each) => line.includes(each));
      });
      return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
    },
    [Symbol.asyncDispose]: async () => {
      await router.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The processes that have said that they serve. */
function readyPids(log: string): number[] {
  const ready = log.split("\n").filter((line) => line.includes('"event.action":"ready"'));
  return ready.map((line) => Number(/pid":(\d+)/.exec(line)?.[1]));
}
