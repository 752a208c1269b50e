import { setTimeout as sleep } from "node:timers/promises";
import type { ShardStore } from "@holdfast/engine/ports/shard-store";
import { Coverage } from "./coverage.ts";
import type { Step } from "./program.ts";
import { World } from "./world.ts";

/** How long the watches of two stores may take to have told the same. */
const settleMaxMs = 5_000;

/** How long a watch of the past may take to catch up. */
const catchUpMaxMs = 250;

/** Where two stores parted. */
export interface Difference {
  /** Index of the step. */
  readonly step: number;
  readonly what: string;
  readonly left: unknown;
  readonly right: unknown;
}

/** Of all programs this process has run: no two may have a key in common on the lasting store. */
let programs = 0;

/** Makes the first store of a comparison; the second one is lasting. */
export type MakeStore = () => ShardStore & { close(): void };

/**
 * Runs programs on a new store and on a lasting one, in step, and says where they differ. On the
 * lasting store each program has keys of its own and counts revisions from where it begins.
 */
export class Comparison {
  readonly coverage = new Coverage();
  readonly #make: MakeStore;
  readonly #lasting: ShardStore;

  constructor(make: MakeStore, lasting: ShardStore) {
    this.#make = make;
    this.#lasting = lasting;
  }

  async run(program: readonly Step[]): Promise<Difference | undefined> {
    programs += 1;
    const prefix = `${programs}/`;
    const fresh = this.#make();
    const left = new World(fresh, prefix, await revisionOf(fresh));
    const right = new World(this.#lasting, prefix, await revisionOf(this.#lasting));
    try {
      for (const [index, step] of program.entries()) {
        const difference = await this.#step(step, left, right);
        if (difference !== undefined) return { step: index, ...difference };
      }
      const difference = await settled(left, right);
      return difference === undefined ? undefined : { step: program.length, ...difference };
    } finally {
      left.close();
      right.close();
      this.coverage.watched(left.toldInAll);
      fresh.close();
    }
  }

  async #step(
    step: Step,
    left: World,
    right: World,
  ): Promise<Omit<Difference, "step"> | undefined> {
    // Both change what a watch is told from then on, at a moment of each store's choosing.
    if (step.kind === "compact" || step.kind === "cancel" || step.kind === "watch") {
      const difference = await settled(left, right);
      if (difference !== undefined) return difference;
    }
    // A watch of the past catches up in rounds of 100 ms; until then it may find itself compacted.
    if (step.kind === "compact") {
      for (const slot of right.youngWatches(catchUpMaxMs)) {
        left.cancel(slot);
        right.cancel(slot);
      }
    }
    const [leftAnswer, rightAnswer] = await Promise.all([left.run(step), right.run(step)]);
    this.coverage.answered(step, leftAnswer);
    if (JSON.stringify(leftAnswer) === JSON.stringify(rightAnswer)) return undefined;
    return { what: JSON.stringify(step), left: leftAnswer, right: rightAnswer };
  }
}

/** Waits until the watches of both have told the same, and nothing more comes. */
async function settled(left: World, right: World) {
  const untilMs = performance.now() + settleMaxMs;
  const texts = () => [left, right].map(({ told }) => JSON.stringify([...told]));
  // Long enough for a watch of the memory store, which needs one turn of the timers.
  await sleep(1);
  for (;;) {
    const [leftText, rightText] = texts();
    if (leftText === rightText) return undefined;
    if (performance.now() > untilMs) {
      return { what: "what the watches were told", left: leftText, right: rightText };
    }
    await sleep(2);
  }
}

async function revisionOf(store: ShardStore): Promise<bigint> {
  const reply = await store.range({ kind: "range", key: "none" });
  if (reply.kind !== "read") throw new Error(reply.message);
  return reply.revision;
}
