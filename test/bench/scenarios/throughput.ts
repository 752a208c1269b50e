import { ActorProcess } from "../actor-process.ts";
import type { ContenderName, ContenderSettings } from "../contenders/contender.ts";
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
  readonly #arena: Arena;
  readonly #runners: Runner[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Starts a contender and finds its best concurrency among those that make sense for it. */
  async enter(name: ContenderName): Promise<void> {
    const { settings, serverPids, execArgv, report } = this.#arena;
    const role = { ...settings, contender: name };
    const loader = await ActorProcess.start("load", role, execArgv);
    const candidates = concurrencies[name];
    let best: Measurement | undefined;
    // The first one also compiles the code, so it is tried twice.
    for (const workers of [candidates[0] ?? 1, ...candidates]) {
      await this.#arena.tidyUp(name);
      const plan = { workers, warmupMs, measureMs: probeMs };
      const run = await measureLoad(loader, plan, serverPids(name));
      report(`  ${name} with ${workers} in flight: ${Math.round(run.pairsPerS)} pairs/s`);
      if (best === undefined || run.pairsPerS > best.pairsPerS) best = run;
    }
    this.#runners.push({ name, loader, workers: best?.workers ?? 1 });
  }

  /** Round after round, each contender once, in an order that turns. */
  async play(rounds: number, roundMs: number): Promise<Map<ContenderName, Measurement[]>> {
    const measured = new Map<ContenderName, Measurement[]>();
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < this.#runners.length; turn++) {
        const runner = this.#runners[(turn + round) % this.#runners.length];
        if (runner === undefined) continue;
        const run = await this.#measure(runner, runner.workers, roundMs);
        const before = measured.get(runner.name) ?? [];
        measured.set(runner.name, [...before, run]);
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
  ): Promise<Measurement[]> {
    const runner = this.#runners.find((each) => each.name === name);
    const measured: Measurement[] = [];
    for (let round = 0; runner !== undefined && round < rounds; round++) {
      measured.push(await this.#measure(runner, workers, roundMs));
    }
    return measured;
  }

  /** Ends all processes. */
  async stop(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.loader.stop()));
  }

  async #measure(runner: Runner, workers: number, measureMs: number): Promise<Measurement> {
    await this.#arena.tidyUp(runner.name);
    const plan = { workers, warmupMs, measureMs };
    const run = await measureLoad(runner.loader, plan, this.#arena.serverPids(runner.name));
    const { p50Ms, p99Ms } = run.acquire;
    this.#arena.report(
      `  ${runner.name}: ${Math.round(run.pairsPerS)} pairs/s, ` +
        `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`,
    );
    return run;
  }
}
