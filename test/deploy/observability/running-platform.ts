import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { LocalEndpoints } from "@holdfast/observability/prometheus/local-targets";
import { ServerProcess } from "@holdfast/toolchain/server-process";

const root = resolve(import.meta.dirname, "../../..");

/** What `endpoints.json` says besides. */
interface Endpoints extends LocalEndpoints {
  readonly audit: string;
  readonly regions: readonly (LocalEndpoints["regions"][number] & { readonly endpoint: string })[];
}

/** Three regions on this machine, as `npm start` runs them. */
export interface RunningPlatform extends AsyncDisposable {
  readonly dataDir: string;
  readonly endpoints: Endpoints;
  /** Where `holdfast` is, for PATH. */
  readonly binaries: string;
  /** The variables that the runbooks speak of, but for Prometheus. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts it in `folder`, and waits until it serves. */
export async function startPlatform(folder: string): Promise<RunningPlatform> {
  const dataDir = join(folder, ".holdfast");
  const file = join(dataDir, "endpoints.json");
  const server = new ServerProcess({
    title: "the platform",
    file: process.execPath,
    args: [join(root, "infra/local/src/main.ts"), "--port-base", "0", "--data-dir", dataDir],
    logPath: join(folder, "platform.log"),
    isReady: () => existsSync(file),
    startTimeoutMs: 90_000,
    stopGraceMs: 20_000,
  });
  server.start();
  if (!(await server.waitReady())) throw new Error(server.describeFailure());
  const endpoints = JSON.parse(readFileSync(file, "utf8")) as Endpoints;
  const [first] = endpoints.regions;
  return {
    dataDir,
    endpoints,
    binaries: commandLine(folder),
    environment: {
      HOLDFAST_ENDPOINTS: endpoints.regions.map(({ endpoint }) => endpoint).join(","),
      HOLDFAST_REGION: first?.region ?? "",
      HOLDFAST_AUDIT_ENDPOINT: endpoints.audit,
      ETCDCTL_ENDPOINTS: first?.shards[0]?.endpoints.join(",") ?? "",
      METRICS: `http://${endpoints.metrics[0]?.address}`,
      NAMESPACE: "holdfast",
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** `holdfast` as somebody has it who installed it: a program in a folder. */
function commandLine(folder: string): string {
  const binaries = join(folder, "bin");
  mkdirSync(binaries);
  const program = join(binaries, "holdfast");
  const main = join(root, "libs/cli/src/main.ts");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  chmodSync(program, 0o755);
  return binaries;
}
