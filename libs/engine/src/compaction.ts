import { journalKey } from "@holdfast/core/lock/keys";
import type { Shard, Surroundings } from "./shard.ts";

/** How often a shard is compacted, and how much history it keeps, in ms. */
const everyMs = 60_000;
const keptMs = 300_000;

/**
 * Forgets a shard's history but for the last five minutes, every minute, until a journal is
 * registered: from then on only the journal knows what may be forgotten.
 */
export class Compaction {
  readonly #shard: Shard;
  readonly #surroundings: Surroundings;
  readonly #marks: { readonly atMs: number; readonly revision: bigint }[] = [];
  #stopped = false;

  constructor(shard: Shard, surroundings: Surroundings) {
    this.#shard = shard;
    this.#surroundings = surroundings;
  }

  start(): void {
    if (this.#stopped) return;
    this.#surroundings.clock.schedule(everyMs, () => {
      void this.step().then(() => this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  /** One minute's work: remembers the present, forgets what is older than the kept history. */
  async step(): Promise<void> {
    const present = await this.#shard.store.range({ kind: "range", key: journalKey });
    if (present.kind !== "read" || present.range.count > 0) return;
    const nowMs = this.#surroundings.clock.monotonicMs();
    this.#marks.push({ atMs: nowMs, revision: present.revision });
    let due: bigint | undefined;
    while ((this.#marks[0]?.atMs ?? nowMs) <= nowMs - keptMs) due = this.#marks.shift()?.revision;
    if (due !== undefined) await this.#shard.store.compact(due);
  }
}
