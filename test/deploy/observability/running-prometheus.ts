import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { artefacts, runbooksDefault } from "@holdfast/observability/artefacts";
import type { Targets } from "@holdfast/observability/prometheus/local-targets";
import { ServerProcess } from "@holdfast/toolchain/server-process";
import { startOnPorts } from "@holdfast/toolchain/start-on-ports";

/** One series of an answer. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [atS: number, value: string];
}

/** A Prometheus with our rules. */
export interface RunningPrometheus extends AsyncDisposable {
  readonly url: string;
  /** Throws with what Prometheus says of a query that it does not take. */
  query(expr: string): Promise<readonly Series[]>;
  get<Data>(path: string): Promise<Data>;
}

/** Starts it over `targets`, with the local example's configuration, only faster. */
export async function startPrometheus(
  binary: string,
  folder: string,
  targets: readonly Targets[],
): Promise<RunningPrometheus> {
  const config = join(folder, "prometheus");
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, "metrics.json"), JSON.stringify(targets));
  for (const name of ["recording-rules.yaml", "alerts.yaml", "prometheus-local.yaml"]) {
    const text = artefacts(runbooksDefault).get(`prometheus/${name}`) ?? "";
    const faster = text
      .replaceAll("scrape_interval: 15s", "scrape_interval: 1s")
      .replaceAll(/(evaluation_|^ +)interval: 30s/gm, "$1interval: 2s")
      .replaceAll("../../.holdfast/metrics.json", "metrics.json");
    writeFileSync(join(config, name), faster);
  }
  const { server, ports } = await startOnPorts({
    dataDir: folder,
    count: 1,
    build: ([port = 0]) =>
      new ServerProcess({
        title: "prometheus",
        file: binary,
        args: [
          `--config.file=${join(config, "prometheus-local.yaml")}`,
          `--storage.tsdb.path=${join(folder, "data")}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
        logPath: join(folder, "prometheus.log"),
        isReady: () => isReady(port),
        startTimeoutMs: 30_000,
        stopGraceMs: 5_000,
      }),
  });
  const url = `http://127.0.0.1:${ports[0]}`;
  const get = async <Data>(path: string): Promise<Data> => {
    const answer = (await (await fetch(`${url}/api/v1/${path}`)).json()) as {
      readonly status: string;
      readonly error?: string;
      readonly data: Data;
    };
    if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  };
  return {
    url,
    get,
    query: async (expr) =>
      (await get<{ result: readonly Series[] }>(`query?query=${encodeURIComponent(expr)}`)).result,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
  } catch {
    return false;
  }
}
