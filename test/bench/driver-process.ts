import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LoadPlan, LoadResult } from "./closed-loop.ts";
import type { ContenderName, ContenderSettings } from "./contenders/contender.ts";
import type { Latency } from "./percentile.ts";
import { cpuMsOf } from "./process-usage.ts";

/** What a driver says. */
export type DriverReply =
  | { readonly kind: "ready" }
  | ({ readonly kind: "result"; readonly acquire: Latency } & Omit<LoadResult, "acquireMs">)
  | { readonly kind: "failed"; readonly reason: string };

/** One measured run of one contender. */
export interface Measurement {
  readonly workers: number;
  readonly pairsPerS: number;
  readonly acquire: Latency;
  /** CPU time of a pair in microseconds, in the process that asks and in those that answer. */
  readonly clientCpuUs: number;
  readonly serverCpuUs: number;
  /** The same by kind of server, where there is more than one kind. */
  readonly serverCpuUsBy?: Readonly<Record<string, number>>;
}

/** Processes to charge with the work, by kind; asked anew for each run. */
export type ServerPids = () => Readonly<Record<string, readonly number[]>>;

const driverPath = fileURLToPath(new URL("./driver.ts", import.meta.url));

/** A contender in a process of its own, so that no other's garbage or compiled code is in it. */
export class DriverProcess {
  readonly #child: ChildProcess;
  readonly #serverPids: ServerPids;

  private constructor(child: ChildProcess, serverPids: ServerPids) {
    this.#child = child;
    this.#serverPids = serverPids;
  }

  /** Starts one and waits until it is connected. */
  static async start(
    name: ContenderName,
    settings: ContenderSettings,
    serverPids: ServerPids,
    execArgv: readonly string[],
  ): Promise<DriverProcess> {
    const child = fork(driverPath, [name, JSON.stringify(settings)], { execArgv: [...execArgv] });
    const driver = new DriverProcess(child, serverPids);
    const answer = await driver.#answer();
    if (answer.kind !== "ready") throw new Error(`${name} did not get ready`);
    return driver;
  }

  /** Runs one load. Rejects when anything in it failed. */
  async run(plan: LoadPlan): Promise<Measurement> {
    const servers = Object.entries(this.#serverPids());
    const own = [this.#child.pid ?? 0];
    const serversBeforeMs = servers.map(([, pids]) => cpuMsOf(pids));
    const clientBeforeMs = cpuMsOf(own);
    this.#child.send(plan);
    const answer = await this.#answer();
    if (answer.kind !== "result")
      throw new Error(answer.kind === "failed" ? answer.reason : "not ready");
    const perPair = (ms: number): number => (ms * 1_000) / Math.max(1, answer.pairsInAll);
    const used = servers.map(([, pids], i) => perPair(cpuMsOf(pids) - (serversBeforeMs[i] ?? 0)));
    return {
      workers: plan.workers,
      pairsPerS: (answer.pairs / answer.elapsedMs) * 1_000,
      acquire: answer.acquire,
      clientCpuUs: perPair(cpuMsOf(own) - clientBeforeMs),
      serverCpuUs: used.reduce((sum, us) => sum + us, 0),
      ...(servers.length > 1
        ? { serverCpuUsBy: Object.fromEntries(servers.map(([kind], i) => [kind, used[i] ?? 0])) }
        : {}),
    };
  }

  /** Ends it; resolves when it is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.disconnect();
    const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await gone;
    clearTimeout(late);
  }

  #answer(): Promise<DriverReply> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`driver ended (${code})`));
      child.once("exit", onExit);
      child.once("message", (message: DriverReply) => {
        child.removeListener("exit", onExit);
        resolve(message);
      });
    });
  }
}
