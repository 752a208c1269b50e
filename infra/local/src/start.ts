import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "@holdfast/toolchain/cache-dir";
import type { FindOptions, FindResult } from "@holdfast/toolchain/tool";
import { type Claim, claimDataDir } from "./claim.ts";
import { type DataDirRecord, readDataDir, writeDataDir } from "./data-dir.ts";
import { describeEndpoints, removeEndpoints, writeEndpoints } from "./endpoints-file.ts";
import { Fleet } from "./fleet.ts";
import { Interrupts } from "./interrupts.ts";
import type { StartOptions } from "./options.ts";
import { checkPorts } from "./port-conflict.ts";
import { type Programs, processSpecs } from "./process-specs.ts";
import { EXIT_INTERRUPTED, type Refusal, refusal } from "./refusal.ts";
import type { Reporter } from "./reporter.ts";
import { planRun, type RunPlan } from "./run-plan.ts";
import { findOrphans, RunRecord, stopOrphans } from "./run-record.ts";
import { chooseStore } from "./store-choice.ts";

/** What a start needs from outside; tests bring their own. */
export interface StartParts {
  readonly reporter: Reporter;
  readonly release: string;
  readonly services: Omit<Programs, "etcd">;
  findEtcd(options: FindOptions): Promise<FindResult>;
}

const READY_TIMEOUT_MS = 60_000;

/**
 * Runs an installation until it is told to stop, and answers with the exit code: 0 after an
 * orderly stop, 130 when it was interrupted before it served, else the refusal's.
 */
export async function startHoldfast(options: StartOptions, parts: StartParts): Promise<number> {
  const state = readDataDir(options.dataDir);
  const claim = state.kind === "refused" ? state : claimDataDir(options.dataDir);
  if (claim.kind === "refused") {
    parts.reporter.refused(claim);
    return claim.exitCode;
  }
  const record = new RunRecord(options.dataDir);
  const fleet = new Fleet(record, ({ event, process, text }) =>
    parts.reporter.news(event, process, text),
  );
  // However we end, an exception or a second Ctrl-C included, nothing of ours stays.
  const leave = (): void => {
    fleet.killNow();
    removeEndpoints(options.dataDir);
    record.clear();
    claim.release();
  };
  process.once("exit", leave);
  using interrupts = new Interrupts(() => process.exit(EXIT_INTERRUPTED));
  const known = state.kind === "known" ? state.record : undefined;
  const run = new Run(options, parts, interrupts, fleet);
  const outcome = await run.untilStopped(claim, known).catch(systemRefusal);
  process.removeListener("exit", leave);
  leave();
  if (typeof outcome === "number") return outcome;
  parts.reporter.refused(outcome);
  return outcome.exitCode;
}

class Run {
  readonly #options: StartOptions;
  readonly #parts: StartParts;
  readonly #interrupts: Interrupts;
  readonly #fleet: Fleet;

  constructor(options: StartOptions, parts: StartParts, interrupts: Interrupts, fleet: Fleet) {
    this.#options = options;
    this.#parts = parts;
    this.#interrupts = interrupts;
    this.#fleet = fleet;
  }

  /** From the claim to the last child's end. */
  async untilStopped(claim: Claim, known: DataDirRecord | undefined): Promise<number | Refusal> {
    const { reporter, release, findEtcd } = this.#parts;
    const orphans = this.#endOrphans();
    const search = () => findEtcd({ progress: reporter.progress, signal: this.#interrupts.signal });
    const choice = await chooseStore(this.#options.store, search);
    const stopped = await orphans;
    if (this.#interrupts.interrupted) return EXIT_INTERRUPTED;
    if (choice.kind === "refused") return choice;
    reporter.store(choice.kind, choice.headline);
    if (claim.deadPid !== undefined) {
      reporter.notice(takeoverNotice(claim.deadPid, stopped, choice.kind));
    }

    const plan = await planRun(this.#options, choice.kind, known, release);
    if (plan.kind === "refused") return plan;
    const conflict = await checkPorts(plan.ports);
    if (conflict !== undefined) return conflict;
    writeDataDir(this.#options.dataDir, plan.record);
    const etcd = choice.kind === "etcd" ? choice.etcd.path : undefined;
    try {
      return await this.#serve(plan, { ...this.#parts.services, etcd });
    } finally {
      await this.#fleet.stop();
      reporter.stopped();
    }
  }

  /** Ends what a run that was killed left behind; answers how many that were. */
  async #endOrphans(): Promise<number> {
    const orphans = findOrphans(this.#options.dataDir);
    if (orphans.length > 0) await stopOrphans(orphans);
    return orphans.length;
  }

  async #serve(plan: RunPlan, programs: Programs): Promise<number | Refusal> {
    const { reporter } = this.#parts;
    const logsDir = join(this.#options.dataDir, "logs");
    setOldLogsAside(logsDir);
    const startedAt = new Date();
    const compileCacheDir =
      process.env.NODE_COMPILE_CACHE ?? join(cacheDir(), "node-compile-cache");
    const specs = processSpecs({ layout: plan.layout, programs, logsDir, compileCacheDir });
    const ready = await Promise.race([
      this.#fleet.start(specs, READY_TIMEOUT_MS),
      this.#interrupts.asked.then(() => "interrupted" as const),
    ]);
    if (ready === "interrupted") {
      reporter.stopping();
      return EXIT_INTERRUPTED;
    }
    if (ready !== "ready") return ready;

    const document = describeEndpoints(plan.layout, startedAt);
    writeEndpoints(this.#options.dataDir, document);
    // Counted from the start of this process: that is what a user waits for.
    reporter.ready(document, performance.now());
    const end = await Promise.race([this.#fleet.failure, this.#interrupts.asked]);
    if (end !== undefined) return end;
    reporter.stopping();
    return 0;
  }
}

function takeoverNotice(deadPid: number, stopped: number, store: "etcd" | "memory"): string {
  const were = stopped === 1 ? "process it had left was" : "processes it had left were";
  const rest = stopped === 0 ? "nothing of it was left" : `${stopped} ${were} stopped`;
  const locks = store === "etcd" ? " Its locks are kept." : "";
  return `The last run (process ${deadPid}) was killed; ${rest}.${locks}`;
}

/** What the system refuses in the middle of a start is no bug of ours: a full disk, say. */
function systemRefusal(error: unknown): Refusal {
  const code = (error as NodeJS.ErrnoException).code;
  if (!(error instanceof Error) || code === undefined || !/^E[A-Z0-9]+$/.test(code)) throw error;
  return refusal(error.message, ["mend that, then npm start again: the data is kept"]);
}

/** Keeps the logs of the run before under another name, so that a log is about one run. */
function setOldLogsAside(logsDir: string): void {
  mkdirSync(logsDir, { recursive: true });
  for (const name of readdirSync(logsDir)) {
    if (name.endsWith(".log")) renameSync(join(logsDir, name), join(logsDir, `${name}.1`));
  }
}
