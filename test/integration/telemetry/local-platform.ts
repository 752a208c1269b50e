import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const repository = resolve(import.meta.dirname, "../../..");
const readyMs = 60_000;

/** What `endpoints.json` says of where processes tell of themselves. */
export interface MetricsAddress {
  readonly service: string;
  readonly region?: string;
  readonly address: string;
}

/** The content of `endpoints.json`, as far as it is used here. */
export interface Endpoints {
  readonly cluster: string;
  readonly metrics: readonly MetricsAddress[];
  readonly regions: readonly {
    readonly region: string;
    readonly endpoint: string;
    readonly coordinator?: string;
    readonly shards: readonly { readonly name: string; readonly endpoints: readonly string[] }[];
  }[];
}

/** `npm start` in a folder of its own, on any free ports. */
export class LocalPlatform implements AsyncDisposable {
  readonly endpoints: Endpoints;
  readonly #child: ChildProcess;
  readonly #dataDir: string;

  private constructor(child: ChildProcess, dataDir: string) {
    this.#child = child;
    this.#dataDir = dataDir;
    this.endpoints = JSON.parse(readFileSync(join(dataDir, "endpoints.json"), "utf8"));
  }

  /** Waits until it serves. `env` reaches every service. */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<LocalPlatform> {
    const dataDir = mkdtempSync(join(tmpdir(), "holdfast-telemetry-"));
    const main = join(repository, "infra/local/src/main.ts");
    const args = [main, "--json", "--port-base", "0", "--shards", "1", "--data-dir", dataDir];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const overdue = setTimeout(() => child.kill("SIGTERM"), readyMs);
    for await (const line of createInterface({ input: child.stdout })) {
      if (JSON.parse(line).event !== "ready") continue;
      clearTimeout(overdue);
      child.stdout.resume();
      return new LocalPlatform(child, dataDir);
    }
    throw new Error("npm start did not serve");
  }

  /** Every line that a service wrote, of etcd none. */
  logLines(): Record<string, unknown>[] {
    const folder = join(this.#dataDir, "logs");
    const files = readdirSync(folder).filter((name) => !name.startsWith("etcd"));
    return files.flatMap((name) => {
      const lines = readFileSync(join(folder, name), "utf8").split("\n");
      return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill("SIGTERM");
      await once(this.#child, "exit");
    }
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}

/** A service that is started by hand beside the platform; ended with the block. */
export function startService(
  name: string,
  env: Readonly<Record<string, string>>,
): { [Symbol.asyncDispose](): Promise<void> } {
  const main = join(repository, "services", name, "src/main.ts");
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...env },
    stdio: "ignore",
  });
  return {
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
