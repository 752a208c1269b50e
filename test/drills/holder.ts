import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HistoryEvent } from "../history/history-event.ts";
import { DrillProcess } from "./drill-process.ts";
import type { HolderSettings } from "./holder-settings.ts";

const main = fileURLToPath(new URL("holder-main.ts", import.meta.url));

/** How holder processes of a run are set up; each life of one has a name of its own. */
export type HolderPlan = Omit<HolderSettings, "name" | "historyPath"> & {
  /** Of its lives; a number is added. `holder` if left out. */
  readonly name?: string;
  /** Loaded before its own code. */
  readonly preloads?: readonly URL[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly now: () => number;
  readonly record: (event: HistoryEvent) => void;
};

/** A process that holds locks, over its lives. */
export class Holder {
  readonly #plan: HolderPlan;
  readonly #lives: { readonly name: string; readonly historyPath: string }[] = [];
  #process: DrillProcess | undefined;

  constructor(plan: HolderPlan) {
    this.#plan = plan;
  }

  get name(): string {
    return this.#plan.name ?? "holder";
  }

  get running(): boolean {
    return this.#process?.running ?? false;
  }

  async start(): Promise<void> {
    const { folder, env, now, record, seed, preloads = [], ...rest } = this.#plan;
    const name = `${this.name}${this.#lives.length}`;
    const historyPath = join(folder, `${name}.jsonl`);
    const settings: HolderSettings = {
      ...rest,
      seed: seed + this.#lives.length * 1_000,
      name,
      historyPath,
    };
    this.#lives.push({ name, historyPath });
    this.#process = new DrillProcess({
      name: this.name,
      args: [...preloads.flatMap(({ href }) => ["--import", href]), main],
      env: { ...env, HOLDFAST_HOLDER: JSON.stringify(settings) },
      logPath: join(folder, `${this.name}.log`),
    });
    await this.#process.start();
  }

  /** From the moment before the kill on it believes in nothing. */
  async kill(): Promise<void> {
    const client = this.#lives.at(-1)?.name ?? "";
    this.#plan.record({ kind: "died", atMs: this.#plan.now(), client });
    await this.#process?.kill();
  }

  freeze(): void {
    this.#process?.freeze();
  }

  thaw(): void {
    this.#process?.thaw();
  }

  /** Lets it end what it has begun; false where that took longer, and it was killed. */
  async stop(withinMs = 60_000): Promise<boolean> {
    this.thaw();
    this.#process?.send("SIGTERM");
    const ended = (await this.#process?.isGone(withinMs)) ?? true;
    if (!ended) await this.kill();
    return ended;
  }

  /** What all its lives have seen; a last line that was cut short is left out. */
  history(): HistoryEvent[] {
    return this.#lives.flatMap(({ historyPath }) => {
      if (!existsSync(historyPath)) return [];
      const lines = readFileSync(historyPath, "utf8").split("\n").slice(0, -1);
      return lines.map((line) => JSON.parse(line) as HistoryEvent);
    });
  }
}
