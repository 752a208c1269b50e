import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ServerProcess } from "@holdfast/toolchain/server-process";
import type { Files } from "./certificates.ts";

const root = new URL("../../../", import.meta.url);
const script = (path: string) => fileURLToPath(new URL(path, root));

/** A part of `endpoints.json`. */
interface EndpointsPart {
  readonly regions: readonly { readonly endpoint: string }[];
  readonly stores: Readonly<Record<string, string>>;
  readonly tls: Files;
}

/** `npm start -- --tls` with one region, from the moment it serves. */
export class TlsStart implements AsyncDisposable {
  /** Where the installation keeps what it made. */
  readonly dataDir: string;
  readonly #process: ServerProcess;

  private constructor(dataDir: string, process_: ServerProcess) {
    this.dataDir = dataDir;
    this.#process = process_;
  }

  static async in(folder: string, ...options: readonly string[]): Promise<TlsStart> {
    // Where root runs the tests, Postgres runs as another user, who has to get there.
    chmodSync(folder, 0o711);
    mkdirSync(join(folder, "here"), { mode: 0o711 });
    const dataDir = join(folder, "here", ".holdfast");
    const logPath = join(folder, "start.log");
    const all = ["--tls", ...options, "--regions", "us-east-1", "--port-base", "0"];
    const started = new ServerProcess({
      title: "npm start",
      file: process.execPath,
      args: [script("infra/local/src/main.ts"), ...all, "--data-dir", dataDir, "--json"],
      logPath,
      isReady: () => readFileSync(logPath, "utf8").includes('"event":"ready"'),
      startTimeoutMs: 150_000,
      stopGraceMs: 15_000,
    });
    started.start();
    if (!(await started.waitReady())) {
      const why = started.describeFailure();
      await started.stop();
      throw new Error(why);
    }
    return new TlsStart(dataDir, started);
  }

  get document(): EndpointsPart {
    return JSON.parse(readFileSync(join(this.dataDir, "endpoints.json"), "utf8"));
  }

  /** What it printed. */
  log(): string {
    return readFileSync(this.#process.logPath, "utf8");
  }

  /** Runs the command line tool where the installation's data lies. */
  cli(...args: readonly string[]): Promise<{ exitCode: number; said: string }> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [script("libs/cli/src/main.ts"), ...args], {
        cwd: join(this.dataDir, ".."),
        env: { PATH: process.env.PATH ?? "" },
      });
      let said = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (text: Buffer) => {
          said += text.toString();
        });
      }
      child.on("close", (code) => resolve({ exitCode: code ?? 1, said }));
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process.stop();
  }
}
