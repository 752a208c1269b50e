import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { yieldProcess } from "@holdfast/runtime/lower-priority";
import { logTail } from "./log-tail.ts";
import type { UnixUser } from "./run-command.ts";

/** How to run one server. */
export interface ServerSpec {
  /** What messages call it: "etcd m0", "kafka". */
  readonly title: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Beside our own environment; undefined takes a variable out of it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The folder it runs in; ours if absent. */
  readonly cwd?: string;
  /** Some servers refuse to run as root. */
  readonly user?: UnixUser | undefined;
  /** It comes after other processes where processors are short; like any other if absent. */
  readonly yields?: boolean | undefined;
  /** Everything it prints, over all its lives. */
  readonly logPath: string;
  /** Asked again and again after a start; an answer must not come from a process that is gone. */
  readonly isReady: (pid: number) => boolean | Promise<boolean>;
  /** How long it may take to become ready, in milliseconds. */
  readonly startTimeoutMs: number;
  /** What asks it to end; SIGTERM if absent. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take over that before it is killed, in milliseconds. */
  readonly stopGraceMs: number;
}

const READY_POLL_MS = 50;

/** Of a log, so many of its last lines are looked at, and so many told. */
const LOG_LINES_READ = 200;
const LOG_LINES_TOLD = 8;
/** Where an exception of Java came through; what it was stands above a screenful of these. */
const STACK_FRAME = /^\s+(at |\.\.\. \d+ (more|common frames))/;

/** Those that run now. They end with this process, a kill -9 of this process excepted. */
const running = new Set<ServerProcess>();
process.once("exit", () => {
  for (const server of running) server.killNow();
});

/** One server process; it can be killed, frozen and started again, always by pid. */
export class ServerProcess implements AsyncDisposable {
  readonly #spec: ServerSpec;
  #child: ChildProcess | undefined;

  constructor(spec: ServerSpec) {
    this.#spec = spec;
  }

  /** Everything it printed, over all its lives. */
  get logPath(): string {
    return this.#spec.logPath;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  get running(): boolean {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** What it ended with; undefined while it runs, and for one that a signal ended. */
  get exitCode(): number | undefined {
    return this.#child?.exitCode ?? undefined;
  }

  /** Starts the process and returns at once; does nothing when it runs. */
  start(): void {
    if (this.running) return;
    const { file, args, env, cwd, user, logPath } = this.#spec;
    mkdirSync(dirname(logPath), { recursive: true });
    const log = openSync(logPath, "a");
    const child = spawn(file, args, {
      stdio: ["ignore", log, log],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      ...user,
    });
    closeSync(log);
    if (this.#spec.yields && child.pid !== undefined) yieldProcess(child.pid);
    running.add(this);
    // One that cannot be executed shows as a process that never runs; describeFailure says so.
    child.once("error", () => running.delete(this));
    child.once("exit", () => {
      if (child === this.#child) running.delete(this);
    });
    this.#child = child;
  }

  /** Waits until it is ready. False when it ended, or the time is over. */
  async waitReady(timeoutMs: number = this.#spec.startTimeoutMs): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      const pid = this.pid;
      if (pid === undefined) return false;
      const ready = await this.#spec.isReady(pid);
      // In this order: an answer counts only if it cannot have come from another process that
      // has the port while ours has ended for want of it.
      if (this.pid !== pid) return false;
      if (ready) return true;
      await sleep(READY_POLL_MS);
    }
    return false;
  }

  /**
   * Sends a signal. Resolves when the process is gone, for the signals that end it; at once for
   * SIGSTOP and SIGCONT.
   */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    if (signal === "SIGSTOP" || signal === "SIGCONT") {
      child.kill(signal);
      return;
    }
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    await gone;
  }

  /** Asks it to end, and kills it if it does not (one that is frozen cannot). The data stays. */
  async stop(): Promise<void> {
    const { stopGraceMs, stopSignal = "SIGTERM" } = this.#spec;
    const grace = new AbortController();
    const forced = sleep(stopGraceMs, undefined, { signal: grace.signal }).then(
      () => this.kill("SIGKILL"),
      () => {},
    );
    await this.kill(stopSignal);
    grace.abort();
    await forced;
  }

  /**
   * Starts it again on the same ports and data, killing it first if it runs. Waits until ready;
   * throws with the log's tail when it does not get there (pass `wait: false` when it cannot
   * become ready alone).
   */
  async restart(options: { wait?: boolean } = {}): Promise<void> {
    await this.kill("SIGKILL");
    this.start();
    if (options.wait === false) return;
    if (!(await this.waitReady())) throw new Error(this.describeFailure());
  }

  /** Says what became of it, with the last lines of its log. */
  describeFailure(): string {
    const child = this.#child;
    const end = this.running
      ? "is not ready"
      : `ended (${child?.signalCode ?? `exit code ${child?.exitCode ?? "none"}`})`;
    const said = logTail(this.logPath, LOG_LINES_READ).filter((line) => !STACK_FRAME.test(line));
    const tail = said.slice(-LOG_LINES_TOLD).map((line) => `  ${line.slice(0, 400)}`);
    const title = this.#spec.title;
    return [`${title} ${end}; its log ${this.logPath} ends with`, ...tail].join("\n");
  }

  /** Ends it without waiting; for a process that is itself going down. */
  killNow(): void {
    if (this.running) this.#child?.kill("SIGKILL");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
