import { ActorProcess } from "../actor-process.ts";
import type { LoadPlan } from "../closed-loop.ts";
import type { ContenderName, ContenderSettings } from "../contenders/contender.ts";
import type { Rounds } from "../figures.ts";
import { type Measurement, measureLoad, type ServerPids } from "../measured-load.ts";

/** Where a contender is tried before it is measured: its best concurrency is its own. */
const concurrencies: Readonly<Record<ContenderName, readonly number[]>> = {
  ceiling: [2, 3, 4],
  holdfast: [1_024],
  single_txn: [64, 128, 256, 512],
  etcd3_lock: [64, 256, 512, 1_024],
  redlock: [256, 512, 1_024, 2_048],
  postgres: [8, 32, 128],
};

const probeMs = 800;
const warmupMs = 500;

/** What the throughput scenario needs of its surroundings. */
export interface Arena {
  readonly settings: ContenderSettings;
  /** Whom a contender's work is charged to. */
  readonly serverPids: (name: ContenderName) => ServerPids;
  /** Brings the servers to the state in which every round begins. */
  readonly tidyUp: (name: ContenderName) => Promise<void>;
  readonly execArgv: readonly string[];
  readonly report: (line: string) => void;
}

/** A contender in its process, with the concurrency it does best at. */
interface Runner {
  readonly name: ContenderName;
  readonly loader: ActorProcess;
  readonly workers: number;
}

/** Several contenders, measured by turns, so that each meets the same good and bad minutes. */
export class Tournament {
  /** What went wrong in a round; its contender goes on with the next one. */
  readonly failures = new Map<ContenderName, string>();
  readonly #arena: Arena;
  readonly #runners: Runner[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Starts a contender and finds its best concurrency among those that make sense for it. */
  async enter(name: ContenderName): Promise<void> {
    const { settings, execArgv } = this.#arena;
    const role = { ...settings, contender: name };
    const loader = await ActorProcess.start("load", role, execArgv);
    const candidates = concurrencies[name];
    const [first = 1] = candidates;
    let best: Measurement | undefined;
    // The first one also compiles the code, so it is tried twice.
    for (const workers of [first, ...candidates]) {
      const run = await this.#measure(name, loader, { workers, warmupMs, measureMs: probeMs });
      if (run !== undefined && run.pairsPerS > (best?.pairsPerS ?? 0)) best = run;
    }
    this.#runners.push({ name, loader, workers: best?.workers ?? first });
  }

  /**
   * Round after round, each contender once, in an order that turns; undefined is a failed round.
   */
  async play(rounds: number, roundMs: number): Promise<Rounds> {
    const measured = new Map<ContenderName, (Measurement | undefined)[]>();
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < this.#runners.length; turn++) {
        const runner = this.#runners[(turn + round) % this.#runners.length];
        if (runner === undefined) continue;
        const { name, loader, workers } = runner;
        const run = await this.#measure(name, loader, { workers, warmupMs, measureMs: roundMs });
        measured.set(name, [...(measured.get(name) ?? []), run]);
      }
    }
    return measured;
  }

  /** Further rounds of one contender at another concurrency. */
  async replay(
    name: ContenderName,
    workers: number,
    rounds: number,
    roundMs: number,
  ): Promise<(Measurement | undefined)[]> {
    const runner = this.#runners.find((each) => each.name === name);
    const measured: (Measurement | undefined)[] = [];
    for (let round = 0; runner !== undefined && round < rounds; round++) {
      const plan = { workers, warmupMs, measureMs: roundMs };
      measured.push(await this.#measure(name, runner.loader, plan));
    }
    return measured;
  }

  /** Ends all processes. */
  async stop(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.loader.stop()));
  }

  async #measure(
    name: ContenderName,
    loader: ActorProcess,
    plan: LoadPlan,
  ): Promise<Measurement | undefined> {
    const { tidyUp, serverPids, report } = this.#arena;
    const title = `  ${name}, ${plan.workers} in flight`;
    try {
      await tidyUp(name);
      const run = await measureLoad([loader], plan, serverPids(name));
      const { p50Ms, p99Ms } = run.acquire;
      const latency = `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
      report(`${title}: ${Math.round(run.pairsPerS)} pairs/s, ${latency}`);
      return run;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.failures.set(name, reason);
      report(`${title}: failed: ${reason}`);
      return undefined;
    }
  }
}
