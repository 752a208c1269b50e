import { logTail } from "@holdfast/toolchain/log-tail";
import { ManagedProcess, type ProcessEvent, type ProcessSpec } from "./managed-process.ts";
import { EXIT_FAILED, type Refusal, refusal } from "./refusal.ts";
import type { RunRecord } from "./run-record.ts";

/** Processes that belong together: the stores first, then what needs them. */
export interface ProcessGroup {
  readonly stores: readonly ProcessSpec[];
  /** What is to be done once the stores serve, and before the services are started. */
  readonly setUp?: () => Promise<Refusal | undefined>;
  readonly services: readonly ProcessSpec[];
}

/** Told when something happens after the first start; `text` is fit for people. */
export type FleetNews = (news: {
  readonly event: "died" | "recovered";
  readonly process: string;
  readonly text: string;
}) => void;

const TAIL_LINES = 12;

/** All processes of an installation. */
export class Fleet {
  readonly #record: RunRecord;
  readonly #news: FleetNews;
  readonly #stores: ManagedProcess[] = [];
  readonly #services: ManagedProcess[] = [];
  readonly #waiting = new Map<string, () => void>();
  #stopping = false;
  #failed: (refusal: Refusal) => void = () => {};

  /** Settles when a process was given up; never while all is well. */
  readonly failure: Promise<Refusal>;

  constructor(record: RunRecord, news: FleetNews) {
    this.#record = record;
    this.#news = news;
    this.failure = new Promise((resolve) => {
      this.#failed = resolve;
    });
  }

  /**
   * Starts all groups side by side. Resolves when every process serves, or with why that will
   * not happen; then what runs is still to be stopped.
   */
  async start(groups: readonly ProcessGroup[], timeoutMs: number): Promise<"ready" | Refusal> {
    const all = Promise.all(groups.map((group) => this.#startGroup(group)));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Refusal>((resolve) => {
      timer = setTimeout(() => resolve(this.#tooLate(timeoutMs)), timeoutMs);
    });
    const ready = all.then((): "ready" => "ready");
    const outcome = await Promise.race([ready, this.failure, late]);
    clearTimeout(timer);
    return outcome;
  }

  /** Stops what serves clients first, then the stores under it. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#services.map((each) => each.stop()));
    await Promise.all(this.#stores.map((each) => each.stop()));
  }

  /** Ends everything without waiting. */
  killNow(): void {
    this.#stopping = true;
    for (const each of [...this.#services, ...this.#stores]) each.killNow();
  }

  async #startGroup({ stores, setUp, services }: ProcessGroup): Promise<void> {
    // A service that starts before its store answers would lose a second to its first retry.
    await Promise.all(stores.map((spec) => this.#launch(spec, this.#stores)));
    const refused = this.#stopping ? undefined : await setUp?.();
    if (refused !== undefined) this.#failed(refused);
    else await Promise.all(services.map((spec) => this.#launch(spec, this.#services)));
  }

  /** Resolves when the process serves for the first time. */
  #launch(spec: ProcessSpec, list: ManagedProcess[]): Promise<void> {
    return new Promise((resolve) => {
      // Stopped while the stores came up: what starts now would be left behind.
      if (this.#stopping) return;
      this.#waiting.set(spec.name, resolve);
      const managed = new ManagedProcess(spec, (event) => this.#onEvent(spec, event));
      list.push(managed);
      managed.start();
    });
  }

  #onEvent(spec: ProcessSpec, event: ProcessEvent): void {
    switch (event.kind) {
      case "started":
        this.#record.add(spec.name, event.pid, spec.stopSignal);
        break;
      case "gone":
        this.#record.remove(spec.name);
        break;
      case "ready":
        this.#waiting.get(spec.name)?.();
        this.#waiting.delete(spec.name);
        if (event.restarts > 0) this.#tell("recovered", spec, "serves again");
        break;
      case "died": {
        const again = `starting it again in ${event.delayMs / 1000} s (${event.of})`;
        this.#tell("died", spec, `${event.how}; ${again}`);
        break;
      }
      case "gave-up":
        this.#failed(gaveUp(spec, event.why));
        break;
    }
  }

  #tell(event: "died" | "recovered", spec: ProcessSpec, what: string): void {
    this.#news({ event, process: spec.name, text: `${spec.name} ${what}` });
  }

  #tooLate(timeoutMs: number): Refusal {
    const late = [...this.#waiting.keys()];
    const specs = [...this.#stores, ...this.#services].map((each) => each.spec);
    const first = specs.find((spec) => spec.name === late[0]);
    const tail = first === undefined ? [] : tailOf(first);
    return refusal(
      [`not ready after ${timeoutMs / 1000} s: ${late.join(", ")}`, ...tail].join("\n"),
      ["start again when the machine is less busy, or look at the logs"],
      EXIT_FAILED,
    );
  }
}

function gaveUp(spec: ProcessSpec, why: string): Refusal {
  return refusal(
    [`${spec.name} ${why}`, ...tailOf(spec)].join("\n"),
    [
      "mend what its log complains about, then npm start again: the data is kept",
      "or start with fresh data: npm start -- --data-dir <dir>",
    ],
    EXIT_FAILED,
  );
}

function tailOf(spec: ProcessSpec): string[] {
  const lines = logTail(spec.logPath, TAIL_LINES).map((line) => `  | ${line.slice(0, 300)}`);
  return [`its log, ${spec.logPath}, ends with:`, ...lines];
}
