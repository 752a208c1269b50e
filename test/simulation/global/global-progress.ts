import type { HistoryRecorder } from "@holdfast/simulator/history/history-recorder";
import type { Simulation } from "@holdfast/simulator/kernel/simulation";
import type { GlobalRecorder } from "./global-recorder.ts";
import { requestTimeoutMs } from "./global-taker.ts";

/** Clocks, timers and scheduling: what an answer may be later than its bound, in ms. */
const slackMs = 1_000;
/** Clocks may differ by this much. */
const rho = 0.01;

interface Asked {
  readonly client: string;
  readonly lock: string;
  readonly atMs: number;
  readonly waitMs: number;
}

type Untimed = Parameters<HistoryRecorder["add"]>[0];

/** Watches that everybody who asks is answered, and that a lock nobody has is had soon. */
export class GlobalProgress {
  readonly #simulation: Simulation;
  readonly #recorder: GlobalRecorder;
  readonly #asked = new Map<string, Asked>();
  readonly #stopped = new Set<string>();
  readonly #idleSinceMs = new Map<string, number>();
  #calmSinceMs = Number.POSITIVE_INFINITY;

  constructor(simulation: Simulation, recorder: GlobalRecorder) {
    this.#simulation = simulation;
    this.#recorder = recorder;
  }

  /** From `atMs` on nothing that went wrong has an effect any more. */
  calmFrom(atMs: number): void {
    this.#calmSinceMs = atMs;
  }

  /** The lock was taken from a request as from one that is dead. */
  lost(request: string): void {
    if (this.#simulation.nowMs < this.#calmSinceMs || !this.#asked.has(request)) return;
    this.#recorder.broken("lost-in-line", `${request} waits, and its grant is gone`);
  }

  /** Requests without an answer. */
  get pending(): string[] {
    return [...this.#asked.keys()];
  }

  heard(entry: Untimed): void {
    const atMs = this.#simulation.nowMs;
    if (entry.kind === "asked") {
      const { client, request, lock, waitMs } = entry;
      this.#asked.set(request, { client, lock, atMs, waitMs });
    }
    if (entry.kind === "answered") this.#answered(entry.request, atMs);
    // Had for a moment between two looks, it was had.
    if (entry.kind === "belief") this.#idleSinceMs.delete(entry.lock);
    if (entry.kind === "process" && entry.state === "crashed") {
      for (const [request, { client }] of this.#asked) {
        if (client === entry.name) this.#asked.delete(request);
      }
    }
    // A process that stands still answers nobody meanwhile.
    if (entry.kind === "process" && entry.state !== "started") this.#stopped.add(entry.name);
  }

  /** One that waits is refused when its wait is over, and not before. */
  refused(request: string, what: string): void {
    const asked = this.#asked.get(request);
    const { nowMs } = this.#simulation;
    if (asked === undefined || nowMs >= asked.atMs + asked.waitMs * (1 - rho) - 1) return;
    this.#recorder.broken("refused-early", `${request} waits still, and was told ${what}`);
  }

  /** Call now and then while nothing goes wrong: nobody may wait for a lock that nobody has. */
  lookAround(boundMs: number): void {
    const { nowMs } = this.#simulation;
    for (const lock of this.#recorder.registers.keys()) {
      const isWanted = [...this.#asked.values()].some((it) => it.lock === lock && it.waitMs > 0);
      const isIdle = isWanted && this.#recorder.believers(lock).length === 0;
      const sinceMs = this.#idleSinceMs.get(lock) ?? nowMs;
      if (!isIdle) this.#idleSinceMs.delete(lock);
      else this.#idleSinceMs.set(lock, sinceMs);
      if (!isIdle || nowMs - sinceMs <= boundMs) continue;
      this.#recorder.broken("progress", `${lock}: nobody had it for ${boundMs} ms, and some wait`);
      this.#idleSinceMs.delete(lock);
    }
  }

  #answered(request: string, nowMs: number): void {
    const asked = this.#asked.get(request);
    this.#asked.delete(request);
    if (asked === undefined || this.#stopped.has(asked.client)) return;
    const { atMs, waitMs } = asked;
    const tookMs = nowMs - atMs;
    if (tookMs <= (waitMs + requestTimeoutMs) * (1 + rho) + slackMs) return;
    this.#recorder.broken("answered-late", `${request} was answered after ${tookMs} ms`);
  }
}
