import { cpus } from "node:os";
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
import type { Stage } from "./scenarios/stage.ts";
import { Tournament } from "./scenarios/throughput.ts";
import { measureWaiters } from "./scenarios/waiters.ts";

const onHoldfast = ["holdfast", "at_64", "lone", "held", "waiters", "idle"] as const;

/** The local tier against its contenders, in one run on one machine. */
export class LocalBench {
  readonly #options: Options;
  readonly #report: (line: string) => void;
  readonly #servers = new LocalServers();
  readonly #figures: Figures = {};
  readonly #failed: string[] = [];

  constructor(options: Options, report: (line: string) => void) {
    this.#options = options;
    this.#report = report;
  }

  /** Measures what was asked for; what this machine lacks is left out, with the reason. */
  async run(): Promise<{ readonly figures: Figures; readonly failed: readonly string[] }> {
    this.#report("starting servers");
    await this.#servers.start(this.#options.parts);
    for (const [part, reason] of this.#servers.missing) {
      this.#figures[`skipped.${part}`] = reason;
      this.#report(`  ${part} is skipped: ${reason}`);
    }
    if (onHoldfast.some((part) => this.#wants(part))) await this.#freshRouter();
    await this.#attempt(["holdfast"], "the contenders, by turns", () => this.#tournament());
    const roundMs = this.#options.roundS * 1_000;
    await this.#scenario("lone", (stage) => measureLone(stage, roundMs));
    await this.#scenario("held", (stage) => measureHeld(stage, roundMs));
    for (const [part, measure] of [
      ["waiters", measureWaiters],
      ["idle", (stage: Stage) => measureIdle(stage, roundMs)],
    ] as const) {
      if (this.#wants(part)) await this.#freshRouter();
      await this.#scenario(part, measure);
    }
    this.#describeMachine();
    return { figures: completed(this.#figures), failed: this.#failed };
  }

  /** Ends all servers and removes their data. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#servers[Symbol.asyncDispose]();
  }

  async #tournament(): Promise<void> {
    const names = contenderNames.filter(
      (name) => this.#wants(name) || (name === "holdfast" && this.#wants("at_64")),
    );
    const servers = this.#servers;
    const tournament = new Tournament({
      settings: servers.settings,
      serverPids: (name) => servers.pidsFor(name),
      tidyUp: async (name) => {
        if (name !== "redlock" && name !== "postgres") await servers.etcd.compact();
      },
      execArgv: this.#profiling(),
      report: this.#report,
    });
    try {
      for (const name of names) await tournament.enter(name);
      const { rounds, roundS } = this.#options;
      const measured = await tournament.play(rounds, roundS * 1_000);
      Object.assign(this.#figures, throughputFigures(measured));
      if (!this.#wants("at_64")) return;
      this.#report("  with 64 in flight");
      const best = bestOf(await tournament.replay("holdfast", 64, rounds, roundS * 1_000));
      if (best === undefined) return;
      Object.assign(this.#figures, measurementFigures("local.holdfast_at_64", best));
    } finally {
      for (const [name, reason] of tournament.failures) this.#fail(name, reason);
      await tournament.stop();
    }
  }

  async #scenario(part: Part, measure: (stage: Stage) => Promise<Figures>): Promise<void> {
    if (!this.#wants(part)) return;
    await this.#attempt([part], part, async () => {
      const { etcd, settings, holdfast } = this.#servers;
      const execArgv = this.#profiling();
      const stage: Stage = { holdfast, etcd, settings, execArgv, report: this.#report };
      Object.assign(this.#figures, await measure(stage));
    });
  }

  /**
   * A part that fails leaves the others standing; its figures are null and the run not a success.
   */
  async #attempt(parts: readonly Part[], title: string, work: () => Promise<void>): Promise<void> {
    this.#report(title);
    try {
      await work();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      for (const part of parts) this.#fail(part, reason);
      this.#report(`  failed: ${reason}`);
    }
  }

  #fail(part: Part, reason: string): void {
    this.#figures[`failed.${part}`] = reason;
    this.#failed.push(`${part}: ${reason}`);
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

  #describeMachine(): void {
    this.#figures["machine.cpus"] = cpus().length;
    this.#figures["machine.cpu_model"] = cpus()[0]?.model ?? "unknown";
    this.#figures["machine.node"] = process.version;
    for (const [server, version] of Object.entries(this.#servers.versions)) {
      this.#figures[`machine.${server}`] = version;
    }
  }
}
