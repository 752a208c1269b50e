import type { Failure } from "@holdfast/base/failure";
import { delegationKeys } from "@holdfast/core/delegation/delegation-keys";
import { readLocal } from "@holdfast/core/delegation/local-reading";
import type { LocalReply, LocalStep } from "@holdfast/core/delegation/local-step";
import { localTxn } from "@holdfast/core/delegation/local-txn";
import type { LocalShard } from "./delegated-steps.ts";
import { isSite, type LocalContext, locate } from "./local-context.ts";
import type { GlobalLockId } from "./ports/voting-region.ts";

/** What a {@link DelegatedShard} needs. */
export interface DelegatedShardOptions {
  readonly context: LocalContext;
  readonly lock: GlobalLockId;
  /** The generation this coordinator believes to be the current one. */
  readonly generation: () => number;
  /** The shard is at another generation. */
  readonly onGeneration: (generation: number) => void;
  /** Why this region has no say now: its data may be from before what others were told. */
  readonly refusal: () => Failure | undefined;
}

const nothingDone: LocalReply = { kind: "moved" };

/** Carries the steps of one delegated lock out in this region's shard, through its committer. */
export class DelegatedShard implements LocalShard {
  readonly #options: DelegatedShardOptions;

  constructor(options: DelegatedShardOptions) {
    this.#options = options;
  }

  ask(step: LocalStep, answer: (reply: LocalReply) => void, traceparent?: string): void {
    void this.#carryOut(step, traceparent).then((reply) => {
      if (reply !== undefined) answer(reply);
    });
  }

  /** Undefined where nobody knows what became of it. */
  async #carryOut(
    step: LocalStep,
    traceparent: string | undefined,
  ): Promise<LocalReply | undefined> {
    const { context, lock, generation, onGeneration, refusal } = this.#options;
    const { namespace, name } = lock;
    if (refusal() !== undefined) return nothingDone;
    const site = locate(context, { region: context.region, namespace, name });
    if (!isSite(site)) return nothingDone;
    const { shard, slot, epoch } = site;
    const keys = delegationKeys(slot, namespace, name);
    const at = { keys, epoch, generation: generation() };
    // Any number of places may be taken in one batch: they touch nothing that another one reads.
    const shares = step.kind === "enqueue" ? { shares: step.kind } : {};
    const conflictKey = `d\0${namespace}\0${name}`;
    const options = { ...shares, traceparent };
    const reply = await shard.committer.submit(localTxn(at, step), conflictKey, options);
    if (reply.kind !== "committed") return reply.kind === "unknown" ? undefined : nothingDone;
    const read = readLocal(at, step, reply.result);
    if (read.kind === "epoch") {
      await context.placements.reconcile(shard, read.shardEpoch);
      return nothingDone;
    }
    if (read.kind === "other-generation") onGeneration(read.generation);
    // Bytes of another version stay as they are, and nobody guesses at a holder.
    return read.kind === "other-generation" || read.kind === "damaged" ? nothingDone : read;
  }
}
