import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "@holdfast/toolchain/cache-dir";
import type { FindOptions, FindResult, ToolName } from "@holdfast/toolchain/tool";
import { removeArchiverSettings, writeArchiverSettings } from "./archiver-settings.ts";
import { type Certificates, prepareCertificates } from "./certificates.ts";
import { type Claim, claimDataDir } from "./claim.ts";
import { type DataDirRecord, readDataDir, writeDataDir } from "./data-dir.ts";
import { describeEndpoints, removeEndpoints, writeEndpoints } from "./endpoints-file.ts";
import { Fleet } from "./fleet.ts";
import { Interrupts } from "./interrupts.ts";
import type { StartOptions } from "./options.ts";
import { checkPorts } from "./port-conflict.ts";
import { archiverEnvironment, type RecordPrograms, recordProcesses } from "./record-specs.ts";
import { type PreparedStores, prepareStores } from "./record-stores.ts";
import { findRecordTools, type RecordTools } from "./record-tools.ts";
import { EXIT_FAILED, EXIT_INTERRUPTED, type Refusal, refusal } from "./refusal.ts";
import { type Programs, regionProcesses } from "./region-specs.ts";
import type { Reporter } from "./reporter.ts";
import { planRun, type RunPlan } from "./run-plan.ts";
import { findOrphans, RunRecord, stopOrphans } from "./run-record.ts";
import { chooseStore } from "./store-choice.ts";
import { checkTls } from "./tls-check.ts";

/** What a start needs from outside; tests bring their own. */
export interface StartParts {
  readonly reporter: Reporter;
  readonly release: string;
  readonly services: Omit<Programs, "etcd"> & RecordPrograms;
  findTool(tool: ToolName, options: FindOptions): Promise<FindResult>;
}

/** Said where a record for good is there, and nobody asked for it to go on. */
const PAUSED_RECORD = "The record of --audit pauses; etcd keeps all history until --audit goes on.";

const READY_TIMEOUT_MS = 60_000;
/** A broker that was killed waits for its old session to end. */
const AUDIT_READY_TIMEOUT_MS = 120_000;

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
    removeArchiverSettings(options.dataDir);
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
    const { reporter, release, findTool } = this.#parts;
    const { audit } = this.#options;
    const orphans = this.#endOrphans();
    const found = { progress: reporter.progress, signal: this.#interrupts.signal };
    const search = (tool: ToolName) => findTool(tool, found);
    // The record is what etcd remembers: nobody who asked for it gets a store in memory.
    const asked = audit ? "etcd" : this.#options.store;
    const [choice, tools, stopped] = await Promise.all([
      chooseStore(asked, () => search("etcd")),
      audit ? findRecordTools(search) : undefined,
      orphans,
    ]);
    if (this.#interrupts.interrupted) return EXIT_INTERRUPTED;
    if (choice.kind === "refused") return choice;
    if (tools?.kind === "refused") return tools;
    reporter.store(choice.kind, choice.headline);
    if (claim.deadPid !== undefined) {
      reporter.notice(takeoverNotice(claim.deadPid, stopped, choice.kind));
    }

    if (!audit && existsSync(join(this.#options.dataDir, "audit"))) reporter.notice(PAUSED_RECORD);

    const plan = await planRun(this.#options, choice.kind, known, release);
    if (plan.kind === "refused") return plan;
    const conflict = await checkPorts(plan.ports);
    if (conflict !== undefined) return conflict;
    writeDataDir(this.#options.dataDir, plan.record);
    const etcd = choice.kind === "etcd" ? choice.etcd.path : undefined;
    try {
      const certificates = this.#options.tls
        ? await prepareCertificates(this.#options.dataDir)
        : undefined;
      const stores = await this.#prepareStores(plan, tools?.tools, certificates);
      if (stores !== undefined && "kind" in stores) return stores;
      return await this.#serve(plan, { ...this.#parts.services, etcd }, stores, certificates);
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

  /** The stores of the record, where it is to be kept in any. */
  async #prepareStores(
    { layout }: RunPlan,
    tools: RecordTools | undefined,
    certificates: Certificates | undefined,
  ): Promise<PreparedStores | Refusal | undefined> {
    const ports = layout.record?.stores;
    if (tools === undefined || ports === undefined) return undefined;
    const { dataDir } = this.#options;
    return prepareStores({ dataDir, logsDir: this.#logsDir, ports, certificates }, tools);
  }

  get #logsDir(): string {
    return join(this.#options.dataDir, "logs");
  }

  async #serve(
    plan: RunPlan,
    programs: Programs & RecordPrograms,
    stores: PreparedStores | undefined,
    certificates: Certificates | undefined,
  ): Promise<number | Refusal> {
    const { reporter } = this.#parts;
    const logsDir = this.#logsDir;
    setOldLogsAside(logsDir);
    const startedAt = new Date();
    const compileCacheDir =
      process.env.NODE_COMPILE_CACHE ?? join(cacheDir(), "node-compile-cache");
    const context = { layout: plan.layout, programs, logsDir, compileCacheDir, certificates };
    const { signal } = this.#interrupts;
    const groups = [
      ...regionProcesses(context),
      ...recordProcesses({ ...context, stores, signal }),
    ];
    const timeoutMs = stores === undefined ? READY_TIMEOUT_MS : AUDIT_READY_TIMEOUT_MS;
    const ready = await Promise.race([
      this.#fleet.start(groups, timeoutMs),
      this.#interrupts.asked.then(() => "interrupted" as const),
    ]);
    if (ready === "interrupted") {
      reporter.stopping();
      return EXIT_INTERRUPTED;
    }
    if (ready !== "ready") return ready;

    const client = certificates?.of("client");
    if (client !== undefined) {
      const checked = await checkTls(plan.layout, client);
      if (checked.kind === "fault") return notSecure(checked.message);
      reporter.notice(checked.message);
    }
    const document = describeEndpoints(plan.layout, startedAt, client);
    writeEndpoints(this.#options.dataDir, document);
    const archiver = archiverEnvironment(plan.layout, stores, certificates);
    if (archiver !== undefined) writeArchiverSettings(this.#options.dataDir, archiver);
    // Counted from the start of this process: that is what a user waits for.
    reporter.ready(document, performance.now());
    const end = await Promise.race([this.#fleet.failure, this.#interrupts.asked]);
    if (end !== undefined) return end;
    reporter.stopping();
    return 0;
  }
}

function notSecure(message: string): Refusal {
  return refusal(
    `the certificates do not do what they are for: ${message}`,
    ["remove the folder tls of the data directory, then npm start -- --tls again"],
    EXIT_FAILED,
  );
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
