import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { processIdentity } from "@holdfast/toolchain/process-identity";
import type { RecordedChild } from "../run-record.ts";

/** A line of `--json` output. */
export interface RunEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface RunEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const WAIT_MS = 30_000;

/** A start with fake services in a process of its own, seen through what it prints. */
export class FakeRun {
  readonly dataDir: string;
  readonly events: RunEvent[] = [];
  readonly ended: Promise<RunEnd>;
  readonly #child: ChildProcess;
  #stderr = "";

  /** `missing`: tools that this machine is to lack, comma separated. */
  constructor(dataDir: string, args: readonly string[], fakeService = "", missing = "") {
    this.dataDir = dataDir;
    const main = fileURLToPath(new URL("./fake-main.ts", import.meta.url));
    const all = [main, "--json", "--data-dir", dataDir, ...args];
    const env = { ...process.env, FAKE_SERVICE: fakeService, FAKE_MISSING: missing };
    const child = spawn(process.execPath, all, {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    let rest = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.events.push(JSON.parse(line) as RunEvent);
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString("utf8");
    });
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** A Ctrl-C as a terminal sends it: to the run and to all children that share its group. */
  pressCtrlC(): void {
    process.kill(-(this.#child.pid as number), "SIGINT");
  }

  /** The first event of that name; throws when it does not come, or the run ends without it. */
  async waitFor(name: string): Promise<RunEvent> {
    const deadline = performance.now() + WAIT_MS;
    while (performance.now() < deadline) {
      const found = this.events.find((each) => each.event === name);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null && this.#child.stdout?.closed === true) break;
      await sleep(20);
    }
    const told = this.events.map((each) => JSON.stringify(each)).join("\n");
    throw new Error(`no ${name} event; the run told\n${told}\n${this.#stderr}`);
  }

  /** The processes it has recorded as its children. */
  children(): RecordedChild[] {
    const text = readFileSync(join(this.dataDir, "children.json"), "utf8");
    return JSON.parse(text) as RecordedChild[];
  }

  /** Waits until it has recorded this many children. */
  async waitForChildren(count: number): Promise<RecordedChild[]> {
    const deadline = performance.now() + WAIT_MS;
    while (performance.now() < deadline) {
      try {
        const children = this.children();
        if (children.length >= count) return children;
      } catch {
        // Not written yet.
      }
      await sleep(20);
    }
    throw new Error(`not ${count} children in ${WAIT_MS} ms\n${this.#stderr}`);
  }
}

/** Those of the processes that still live. */
export function living(children: readonly RecordedChild[]): RecordedChild[] {
  return children.filter((child) => processIdentity(child.pid) === child.identity);
}
