import type { Clock, Timer } from "@holdfast/base/clock";
import { journalKey } from "@holdfast/core/lock/keys";
import type { ShardStore } from "./ports/shard-store.ts";

/** How often a shard is compacted, and how much history it keeps, in ms. */
const everyMs = 60_000;
const keptMs = 300_000;

/** Before which revision nobody needs a shard's history, by now; undefined: not known. */
export type NeededFrom = () => Promise<bigint | undefined>;

/**
 * The present, until a journal is registered: from then on only the journal knows what may be
 * forgotten, and whoever else compacts stands back.
 */
export function presentUnlessJournaled(store: ShardStore): NeededFrom {
  return async () => {
    const present = await store.range({ kind: "range", key: journalKey });
    return present.kind === "read" && present.range.count === 0 ? present.revision : undefined;
  };
}

/**
 * Forgets a shard's history up to the revision that was needed five minutes ago, every minute:
 * watches that were lost meanwhile go on from where they were.
 */
export class Compaction {
  readonly #store: ShardStore;
  readonly #clock: Clock;
  readonly #neededFrom: NeededFrom;
  readonly #marks: { readonly atMs: number; readonly revision: bigint }[] = [];
  #timer: Timer | undefined;
  #stopped = false;

  constructor(store: ShardStore, clock: Clock, neededFrom: NeededFrom) {
    this.#store = store;
    this.#clock = clock;
    this.#neededFrom = neededFrom;
  }

  start(): void {
    if (this.#stopped) return;
    this.#timer = this.#clock.schedule(everyMs, () => {
      void this.step().then(() => this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** One minute's work: remembers what is needed now, forgets what was not five minutes ago. */
  async step(): Promise<void> {
    const revision = await this.#neededFrom();
    if (revision === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    this.#marks.push({ atMs: nowMs, revision });
    let due: bigint | undefined;
    while ((this.#marks[0]?.atMs ?? nowMs) <= nowMs - keptMs) due = this.#marks.shift()?.revision;
    if (due !== undefined) await this.#store.compact(due);
  }
}
