import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { EtcdMemberAddress } from "./etcd-command.ts";
import { loopbackUrl } from "./etcd-command.ts";
import { type EtcdStatus, etcdStatus, isEtcdHealthy } from "./etcd-health.ts";
import { logTail } from "./log-tail.ts";

const HEALTH_POLL_MS = 50;
/**
 * The last leader of a cluster going down would look for a successor for many seconds. What it
 * has acknowledged is on disk, so nothing is lost by not letting it.
 */
const STOP_GRACE_MS = 1_000;

/** One etcd process of a cluster; it can be killed, frozen and started again, always by pid. */
export class EtcdMember {
  readonly name: string;
  readonly dataDir: string;
  /** Everything etcd printed, over all its lives. */
  readonly logPath: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly #binary: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  constructor(
    binary: string,
    address: EtcdMemberAddress,
    args: readonly string[],
    logPath: string,
  ) {
    this.#binary = binary;
    this.#args = args;
    this.name = address.name;
    this.dataDir = address.dataDir;
    this.logPath = logPath;
    this.clientUrl = loopbackUrl(address.clientPort);
    this.peerUrl = loopbackUrl(address.peerPort);
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  get running(): boolean {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Starts the process and returns at once; does nothing when it runs. */
  start(): void {
    if (this.running) return;
    mkdirSync(dirname(this.logPath), { recursive: true });
    mkdirSync(this.dataDir, { recursive: true, mode: 0o700 });
    const log = openSync(this.logPath, "a");
    const child = spawn(this.#binary, this.#args, { stdio: ["ignore", log, log] });
    closeSync(log);
    // A binary that cannot be executed shows as a member that never runs; the log tail says why.
    child.once("error", () => {});
    this.#child = child;
  }

  /** Waits until it is healthy. False when it ended, or `timeoutMs` passed. */
  async waitHealthy(timeoutMs = 30_000): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      const healthy = await isEtcdHealthy(this.clientUrl);
      // In this order: an answer counts only if it cannot have come from another process that
      // has the port while ours has ended for want of it.
      if (!this.running) return false;
      if (healthy) return true;
      await sleep(HEALTH_POLL_MS);
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
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    if (signal === "SIGSTOP" || signal === "SIGCONT") return;
    await gone;
  }

  /** SIGTERM, and SIGKILL if that is not heeded in 1 s (a member that is frozen cannot heed it). */
  async stop(): Promise<void> {
    const grace = new AbortController();
    const forced = sleep(STOP_GRACE_MS, undefined, { signal: grace.signal }).then(
      () => this.kill("SIGKILL"),
      () => {},
    );
    await this.kill("SIGTERM");
    grace.abort();
    await forced;
  }

  /**
   * Starts it again on the same ports and data, killing it first if it runs. Waits until healthy;
   * throws with the log's tail when it does not get there (pass `wait: false` when the rest of the
   * cluster has no majority: it could not become healthy alone).
   */
  async restart(options: { wait?: boolean } = {}): Promise<void> {
    await this.kill("SIGKILL");
    this.start();
    if (options.wait === false) return;
    if (!(await this.waitHealthy())) throw new Error(this.describeFailure());
  }

  /** Kills it and removes its data: what is left of a member whose disk is gone. */
  async wipe(): Promise<void> {
    await this.kill("SIGKILL");
    await rm(this.dataDir, { recursive: true, force: true });
  }

  status(): Promise<EtcdStatus | undefined> {
    return etcdStatus(this.clientUrl);
  }

  /** Says what became of it, with the last lines of its log. */
  describeFailure(): string {
    const child = this.#child;
    const end = this.running
      ? "is not healthy"
      : `ended (${child?.signalCode ?? `exit code ${child?.exitCode ?? "none"}`})`;
    const tail = logTail(this.logPath, 8).map((line) => `  ${line.slice(0, 400)}`);
    return [`etcd ${this.name} ${end}; its log ${this.logPath} ends with`, ...tail].join("\n");
  }

  /** Ends it without waiting; for a process that is itself going down. */
  killNow(): void {
    if (this.running) this.#child?.kill("SIGKILL");
  }
}
