import { globalBars } from "../bars.ts";
import { BenchRecord, type BenchResult } from "../bench-record.ts";
import { completed, type Figures } from "../figures.ts";
import type { Options } from "../options.ts";
import { measureDelegated } from "./delegated.ts";
import { measureHot } from "./hot.ts";
import { measureLatency } from "./latency.ts";
import { measureLostRegions } from "./lost-region.ts";
import { measureThroughput } from "./throughput.ts";
import { startWanStage, type WanStage } from "./wan-stage.ts";

/**
 * What a lock costs that no region has to itself is measured where none is delegated; all else as a
 * user has it.
 */
const stages = [
  { delegation: "off", parts: ["latency", "throughput"] },
  { delegation: "on", parts: ["delegated", "hot", "lost_region"] },
] as const;

type GlobalPart = (typeof stages)[number]["parts"][number];

const titles: Readonly<Record<GlobalPart, string>> = {
  latency: "single operations",
  throughput: "many locks that nobody else wants",
  delegated: "single operations on locks delegated to their region",
  hot: "a hot lock",
  lost_region: "regions lost",
};

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
    const { parts } = this.#options;
    const record = this.#record;
    for (const { delegation, parts: all } of stages) {
      const wanted = all.filter((part) => parts.has(part));
      if (wanted.length === 0) continue;
      record.report(`starting three regions, delegation ${delegation}, and a stretched cluster`);
      const { report } = record;
      const stage = await startWanStage({ delegation, report, execArgv: this.#profiling() });
      if ("kind" in stage) {
        for (const part of wanted) record.skip(part, stage.reason);
        continue;
      }
      this.#stage = stage;
      for (const part of wanted) {
        await record.attempt([part], titles[part], () => this.#measure(part, stage));
      }
      record.describeMachine(stage.versions);
      this.#stage = undefined;
      await stage[Symbol.asyncDispose]();
    }
    return { figures: completed(record.figures, globalBars), failed: record.failed };
  }

  /** Ends all servers and removes their data. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stage?.[Symbol.asyncDispose]();
  }

  #measure(part: GlobalPart, stage: WanStage): Promise<Figures> {
    const { roundS, rounds } = this.#options;
    const roundMs = roundS * 1_000;
    switch (part) {
      case "latency":
        return measureLatency(stage, rounds * roundMs);
      case "throughput":
        return measureThroughput(stage, rounds, roundMs);
      case "delegated":
        return measureDelegated(stage, rounds * roundMs);
      case "hot":
        return measureHot(stage, rounds, roundMs);
      case "lost_region":
        return measureLostRegions(stage);
    }
  }

  #profiling(): string[] {
    const { profileDir } = this.#options;
    return profileDir === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`];
  }
}
