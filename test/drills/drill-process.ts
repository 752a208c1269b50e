import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { logTail } from "@holdfast/toolchain/log-tail";

/** How to start one. */
export interface DrillProcessOptions {
  /** As "router r0"; used in reports. */
  readonly name: string;
  /** Arguments of Node. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logPath: string;
}

const readyMsMax = 30_000;

/** One Node process of a drill: it can be killed, frozen, thawed and started again. */
export class DrillProcess {
  readonly name: string;
  readonly logPath: string;
  readonly #options: DrillProcessOptions;
  #child: ChildProcess | undefined;
  #logged = 0;

  constructor(options: DrillProcessOptions) {
    this.name = options.name;
    this.logPath = options.logPath;
    this.#options = options;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  get running(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it and waits until its log says that it is ready. */
  async start(): Promise<void> {
    const log = openSync(this.logPath, "a");
    this.#logged = readFileSync(this.logPath).length;
    const { args, env } = this.#options;
    // Of the environment only what a program needs: a setting of whoever runs the drill must not
    // change what is drilled.
    const { PATH = "", HOME = "", TMPDIR = "" } = process.env;
    this.#child = spawn(process.execPath, [...args], {
      stdio: ["ignore", log, log],
      env: { PATH, HOME, TMPDIR, ...env },
    });
    closeSync(log);
    const endMs = performance.now() + readyMsMax;
    while (!readFileSync(this.logPath).subarray(this.#logged).includes('"ready"')) {
      if (!this.running) {
        const said = logTail(this.logPath, 5).map((line) => line.slice(0, 800));
        throw new Error(`${this.name} ended at its start:\n${said.join("\n")}`);
      }
      if (performance.now() > endMs) throw new Error(`${this.name} was not ready in time`);
      await sleep(50);
    }
  }

  /** Resolves when it is gone. */
  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  /** For processes that know what to do with it. */
  send(signal: NodeJS.Signals): void {
    if (this.running) this.#child?.kill(signal);
  }

  /** True once it is gone, whoever ended it; false if it is not within `withinMs`. */
  async isGone(withinMs: number): Promise<boolean> {
    const endMs = performance.now() + withinMs;
    while (this.running && performance.now() < endMs) await sleep(20);
    return !this.running;
  }

  freeze(): void {
    if (this.running) this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    if (this.running) this.#child?.kill("SIGCONT");
  }
}
