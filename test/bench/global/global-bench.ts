import { globalBars } from "../bars.ts";
import { BenchRecord, type BenchResult } from "../bench-record.ts";
import { completed, type Figures } from "../figures.ts";
import type { Options } from "../options.ts";
import type { Part } from "../parts.ts";
import { measureHot } from "./hot.ts";
import { measureLatency } from "./latency.ts";
import { measureLostRegions } from "./lost-region.ts";
import { measureThroughput } from "./throughput.ts";
import { startWanStage, type WanStage } from "./wan-stage.ts";

/** What needs a region that was delegated a lock. */
const ofDelegated = ["global.delegated_vs_local", "global.delegated_vs_stretched"];

/** The global tier over three regions an ocean apart, against one etcd stretched over them. */
export class GlobalBench {
  readonly #options: Options;
  readonly #record: BenchRecord;
  #stage: WanStage | undefined;

  constructor(options: Options, report: (line: string) => void) {
    this.#options = options;
    this.#record = new BenchRecord(report);
  }

  /** Measures what was asked for; what this machine lacks is left out, with the reason. */
  async run(): Promise<BenchResult> {
    const { roundS, rounds, parts } = this.#options;
    const record = this.#record;
    record.report("starting three regions and a stretched cluster");
    const stage = await startWanStage(this.#profiling(), record.report);
    if ("kind" in stage) {
      for (const part of parts) record.skip(part, stage.reason);
    } else {
      this.#stage = stage;
      const inAllMs = rounds * roundS * 1_000;
      await this.#part("latency", "single operations", () => this.#latency(stage, inAllMs));
      await this.#part("hot", "a hot lock", () => measureHot(stage, rounds, roundS * 1_000));
      await this.#part("throughput", "many locks that nobody else wants", () =>
        measureThroughput(stage, rounds, roundS * 1_000),
      );
      await this.#part("lost_region", "regions lost", () => measureLostRegions(stage));
      record.describeMachine(stage.versions);
    }
    return { figures: completed(record.figures, globalBars), failed: record.failed };
  }

  /** Ends all servers and removes their data. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stage?.[Symbol.asyncDispose]();
  }

  async #latency(stage: WanStage, measureMs: number): Promise<Figures> {
    const figures = await measureLatency(stage, measureMs);
    for (const key of ofDelegated) {
      if (figures[key] === undefined) {
        this.#record.skip(key, "not measured: no lock was delegated to a region");
      }
    }
    return figures;
  }

  async #part(part: Part, title: string, measure: () => Promise<Figures>): Promise<void> {
    if (this.#options.parts.has(part)) await this.#record.attempt([part], title, measure);
  }

  #profiling(): string[] {
    const { profileDir } = this.#options;
    return profileDir === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`];
  }
}
