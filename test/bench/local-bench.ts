import { localBars } from "./bars.ts";
import { BenchRecord, type BenchResult } from "./bench-record.ts";
import { contenderNames } from "./contenders/contender.ts";
import {
  bestOf,
  completed,
  type Figures,
  measurementFigures,
  throughputFigures,
} from "./figures.ts";
import { LocalServers } from "./local-servers.ts";
import type { Options } from "./options.ts";
import type { Part } from "./parts.ts";
import { measureHeld } from "./scenarios/held.ts";
import { measureIdle } from "./scenarios/idle.ts";
import { measureLone } from "./scenarios/lone.ts";
import { measureMetrics } from "./scenarios/metrics.ts";
import type { Stage } from "./scenarios/stage.ts";
import { Tournament } from "./scenarios/throughput.ts";
import { measureWaiters } from "./scenarios/waiters.ts";

const onHoldfast = ["holdfast", "at_64", "lone", "held", "waiters", "idle", "metrics"] as const;

/** The local tier against its contenders, in one run on one machine. */
export class LocalBench {
  readonly #options: Options;
  readonly #record: BenchRecord;
  readonly #servers = new LocalServers();

  constructor(options: Options, report: (line: string) => void) {
    this.#options = options;
    this.#record = new BenchRecord(report);
  }

  /** Measures what was asked for; what this machine lacks is left out, with the reason. */
  async run(): Promise<BenchResult> {
    const record = this.#record;
    record.report("starting servers");
    await this.#servers.start(this.#options.parts);
    for (const [part, reason] of this.#servers.missing) record.skip(part, reason);
    if (onHoldfast.some((part) => this.#wants(part))) await this.#freshRouter();
    await record.attempt(["holdfast"], "the contenders, by turns", () => this.#tournament());
    const roundMs = this.#options.roundS * 1_000;
    await this.#scenario("lone", (stage) => measureLone(stage, roundMs));
    await this.#scenario("held", (stage) => measureHeld(stage, roundMs));
    const { rounds } = this.#options;
    const startRouter = (env: Readonly<Record<string, string>>) =>
      this.#servers.anotherHoldfast(env, this.#profiling());
    for (const [part, measure] of [
      ["metrics", (stage: Stage) => measureMetrics(stage, rounds, roundMs, startRouter)],
      ["waiters", measureWaiters],
      ["idle", (stage: Stage) => measureIdle(stage, roundMs)],
    ] as const) {
      if (this.#wants(part)) await this.#freshRouter();
      await this.#scenario(part, measure);
    }
    record.describeMachine(this.#servers.versions);
    return { figures: completed(record.figures, localBars), failed: record.failed };
  }

  /** Ends all servers and removes their data. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#servers[Symbol.asyncDispose]();
  }

  async #tournament(): Promise<Figures> {
    const names = contenderNames.filter(
      (name) => this.#wants(name) || (name === "holdfast" && this.#wants("at_64")),
    );
    const servers = this.#servers;
    const { report } = this.#record;
    const tournament = new Tournament({
      settings: servers.settings,
      serverPids: (name) => servers.pidsFor(name),
      tidyUp: async (name) => {
        if (name !== "redlock" && name !== "postgres") await servers.etcd.compact();
      },
      execArgv: this.#profiling(),
      report,
    });
    try {
      for (const name of names) await tournament.enter(name);
      const { rounds, roundS } = this.#options;
      const measured = await tournament.play(rounds, roundS * 1_000);
      const figures = throughputFigures(measured);
      if (!this.#wants("at_64")) return figures;
      report("  with 64 in flight");
      const best = bestOf(await tournament.replay("holdfast", 64, rounds, roundS * 1_000));
      if (best === undefined) return figures;
      return { ...figures, ...measurementFigures("local.holdfast_at_64", best) };
    } finally {
      for (const [name, reason] of tournament.failures) this.#record.fail(name, reason);
      await tournament.stop();
    }
  }

  async #scenario(part: Part, measure: (stage: Stage) => Promise<Figures>): Promise<void> {
    if (!this.#wants(part)) return;
    await this.#record.attempt([part], part, () => {
      const { etcd, settings, holdfast } = this.#servers;
      const execArgv = this.#profiling();
      const { report } = this.#record;
      return measure({ holdfast, etcd, settings, execArgv, report });
    });
  }

  async #freshRouter(): Promise<void> {
    await this.#servers.freshHoldfast(this.#profiling());
  }

  #wants(part: Part): boolean {
    return this.#options.parts.has(part) && !this.#servers.missing.has(part);
  }

  #profiling(): string[] {
    const { profileDir } = this.#options;
    return profileDir === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`];
  }
}
