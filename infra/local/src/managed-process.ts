import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { yieldProcess } from "@holdfast/runtime/lower-priority";
import { yieldSession } from "@holdfast/runtime/session-priority";
import type { UnixUser } from "@holdfast/toolchain/run-command";
import { decideRestart, RESTARTS_MAX, restartsThatCount } from "./restart-policy.ts";

/** How one process is started and how it shows that it serves. */
export interface ProcessSpec {
  /** What people call it: "router us-east-1", "etcd us-east-1/s0/m0". */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Added to our own environment; undefined takes a variable out of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder it runs in; ours if absent. */
  readonly cwd?: string;
  /** Some servers refuse to run as root. */
  readonly user?: UnixUser;
  /** It comes after other processes where processors are short; like any other if absent. */
  readonly yields?: boolean;
  /** Everything it prints goes to the end of this file. */
  readonly logPath: string;
  /** What asks it to end; SIGTERM if absent. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take over that before it is killed, in milliseconds. */
  readonly stopGraceMs: number;
  /** Called once for each start; what it returns is asked again and again until it says yes. */
  readonly watchReady: () => (pid: number) => boolean | Promise<boolean>;
}

export type ProcessEvent =
  | { readonly kind: "started"; readonly pid: number }
  | { readonly kind: "ready"; readonly restarts: number }
  | { readonly kind: "died"; readonly how: string; readonly delayMs: number; readonly of: string }
  | { readonly kind: "gone" }
  | { readonly kind: "gave-up"; readonly why: string };

const READY_POLL_MS = 50;

/**
 * Keeps one process running: starts it again after a death, later each time, and gives it up when
 * it dies again and again. It runs in a session of its own, so a Ctrl-C in the terminal reaches
 * only us and the order of stopping is ours. It writes its log file itself, so it does not depend
 * on us to read a pipe.
 */
export class ManagedProcess {
  readonly spec: ProcessSpec;
  readonly #onEvent: (event: ProcessEvent) => void;
  #child: ChildProcess | undefined;
  #startedAtMs = 0;
  #restarts = 0;
  #stopping = false;
  #backoff: AbortController | undefined;
  #gone: Promise<void> = Promise.resolve();

  constructor(spec: ProcessSpec, onEvent: (event: ProcessEvent) => void) {
    this.spec = spec;
    this.#onEvent = onEvent;
  }

  get pid(): number | undefined {
    return this.#isRunning() ? this.#child?.pid : undefined;
  }

  /** Starts it and returns at once; events tell the rest. */
  start(): void {
    if (this.#stopping || this.#isRunning()) return;
    mkdirSync(dirname(this.spec.logPath), { recursive: true });
    const isReady = this.spec.watchReady();
    const log = openSync(this.spec.logPath, "a");
    const { file, args, env, cwd, user } = this.spec;
    const child = spawn(file, args, {
      stdio: ["ignore", log, log],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      ...user,
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    this.#startedAtMs = performance.now();
    this.#gone = new Promise((resolve) => {
      const ended = (how: string, code: number | null): void => {
        resolve();
        this.#ended(how, code);
      };
      // Exactly one of the two comes: "error" when there never was a process.
      child.once("error", (error) => ended(`cannot be run: ${error.message}`, null));
      child.once("exit", (code, signal) => {
        ended(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`, code);
      });
    });
    if (child.pid === undefined) return;
    if (this.spec.yields) {
      yieldProcess(child.pid);
      yieldSession(child.pid);
    }
    this.#onEvent({ kind: "started", pid: child.pid });
    void this.#awaitReady(child, () => isReady(child.pid as number));
  }

  /** Asks it to end, kills it after the grace; resolves when it is gone and stays gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#backoff?.abort();
    if (!this.#isRunning()) return;
    this.#child?.kill(this.spec.stopSignal ?? "SIGTERM");
    const grace = new AbortController();
    const forced = sleep(this.spec.stopGraceMs, undefined, { signal: grace.signal }).then(
      () => this.killNow(),
      () => {},
    );
    await this.#gone;
    grace.abort();
    await forced;
  }

  /** Ends it without waiting. */
  killNow(): void {
    this.#stopping = true;
    this.#backoff?.abort();
    if (this.#isRunning()) this.#child?.kill("SIGKILL");
  }

  #isRunning(): boolean {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  async #awaitReady(child: ChildProcess, isReady: () => boolean | Promise<boolean>): Promise<void> {
    while (child === this.#child && this.#isRunning() && !this.#stopping) {
      const ready = await isReady();
      // Asked again after the wait: an answer must not count for a process that has ended since.
      if (ready && child === this.#child && this.#isRunning()) {
        this.#onEvent({ kind: "ready", restarts: this.#restarts });
        return;
      }
      await sleep(READY_POLL_MS);
    }
  }

  #ended(how: string, exitCode: number | null): void {
    this.#onEvent({ kind: "gone" });
    if (this.#stopping) return;
    const livedMs = performance.now() - this.#startedAtMs;
    this.#restarts = restartsThatCount(this.#restarts, livedMs);
    const decision = decideRestart(this.#restarts, exitCode);
    if (decision.kind === "give-up") {
      this.#stopping = true;
      this.#onEvent({ kind: "gave-up", why: `${how}; ${decision.why}` });
      return;
    }
    this.#restarts = decision.attempt;
    const of = `${decision.attempt} of ${RESTARTS_MAX}`;
    this.#onEvent({ kind: "died", how, delayMs: decision.delayMs, of });
    const backoff = new AbortController();
    this.#backoff = backoff;
    sleep(decision.delayMs, undefined, { signal: backoff.signal }).then(
      () => this.start(),
      () => {},
    );
  }
}
