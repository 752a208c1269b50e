import { auditBars } from "../bars.ts";
import { BenchRecord, type BenchResult } from "../bench-record.ts";
import { completed, type Figures } from "../figures.ts";
import type { Options } from "../options.ts";
import { partsOf } from "../parts.ts";
import { measureAge } from "./age.ts";
import { type AuditStage, startAuditStage } from "./audit-stage.ts";
import { measureDrain } from "./drain.ts";
import { measureImpact } from "./impact.ts";
import { measureTimeline } from "./timeline.ts";

type AuditPart = (typeof partsOf.audit)[number];

const titles: Readonly<Record<AuditPart, string>> = {
  drain: "a backlog from etcd to the ledger",
  impact: "acquires with the pipeline, without it, and with Kafka killed",
  age: "how old an event is in the ledger",
  timeline: "the timeline of one lock",
};

/** The record of locks, from etcd through Kafka to Postgres, on one machine with all of them. */
export class AuditBench {
  readonly #options: Options;
  readonly #record: BenchRecord;
  #stage: AuditStage | undefined;

  constructor(options: Options, report: (line: string) => void) {
    this.#options = options;
    this.#record = new BenchRecord(report);
  }

  /** Measures what was asked for; what this machine lacks is left out, with the reason. */
  async run(): Promise<BenchResult> {
    const record = this.#record;
    const { report } = record;
    const wanted = partsOf.audit.filter((part) => this.#options.parts.has(part));
    report("starting etcd, Kafka, Postgres and a router");
    const stage = await startAuditStage(this.#profiling(), report);
    if ("kind" in stage) {
      for (const part of wanted) record.skip(part, stage.reason);
    } else {
      this.#stage = stage;
      for (const part of wanted) {
        await record.attempt([part], titles[part], () => this.#measure(part, stage));
      }
    }
    record.describeMachine("kind" in stage ? {} : stage.versions);
    return { figures: completed(record.figures, auditBars), failed: record.failed };
  }

  /** Ends all servers and removes their data. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stage?.[Symbol.asyncDispose]();
  }

  #measure(part: AuditPart, stage: AuditStage): Promise<Figures> {
    const { roundS, rounds, rows } = this.#options;
    const roundMs = roundS * 1_000;
    switch (part) {
      case "drain":
        return measureDrain(stage, rounds, roundMs);
      case "impact":
        return measureImpact(stage, rounds, roundMs);
      case "age":
        return measureAge(stage, rounds * roundMs);
      case "timeline":
        return measureTimeline(stage, rows);
    }
  }

  #profiling(): string[] {
    const { profileDir } = this.#options;
    return profileDir === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`];
  }
}
