import { invariant } from "@holdfast/base/invariant";
import {
  type BatchLimits,
  BatchQueue,
  defaultBatchLimits,
  type Submission,
} from "@holdfast/core/txn/batch";
import { joinTxns } from "@holdfast/core/txn/join";
import type { Txn, TxnResult } from "@holdfast/core/txn/txn";
import type { CommitReply, ShardStore } from "./ports/shard-store.ts";

/** What a committer needs and how far it may go. */
export interface CommitterOptions {
  readonly store: ShardStore;
  readonly limits?: BatchLimits;
  /** Batches under way at once while each is worth sending (2 to 4). */
  readonly inFlightMax?: number;
  /** Past the second batch in flight, only one of at least this many operations is sent. */
  readonly fullBatch?: number;
  /** Operations queued and not sent; past it a submission is refused at once. */
  readonly queueMax?: number;
}

/** Counters of one committer; they only grow. */
export interface CommitterCounts {
  batches: number;
  operations: number;
  splits: number;
  refused: number;
}

interface Pending extends Submission {
  readonly settle: (reply: CommitReply) => void;
}

/**
 * Group commit onto one shard: packs queued operations as nested transactions into one etcd
 * transaction, one Raft entry. A lone operation is sent at once, so a quiet shard pays nothing.
 *
 * It never repeats what may have been applied (hazard 6): `unknown` goes to every caller of the
 * batch, for only the caller knows whether its operation may be sent again.
 */
export class Committer {
  readonly counts: CommitterCounts = { batches: 0, operations: 0, splits: 0, refused: 0 };
  readonly #store: ShardStore;
  readonly #queue: BatchQueue<Pending>;
  readonly #inFlightMax: number;
  readonly #fullBatch: number;
  readonly #queueMax: number;
  #inFlight = 0;
  #flushing = false;

  constructor(options: CommitterOptions) {
    this.#store = options.store;
    this.#queue = new BatchQueue(options.limits ?? defaultBatchLimits);
    this.#inFlightMax = options.inFlightMax ?? 4;
    this.#fullBatch = options.fullBatch ?? 64;
    this.#queueMax = options.queueMax ?? 50_000;
    invariant(this.#inFlightMax >= 1, "at least one batch in flight");
  }

  /** Operations that are queued and not sent. */
  get queued(): number {
    return this.#queue.length;
  }

  /**
   * Resolves with the answer to this one operation; never rejects. With `shares` it may go together
   * with others of its conflict key that share.
   */
  submit(txn: Txn, conflictKey: string, shares = false): Promise<CommitReply> {
    if (this.#queue.length >= this.#queueMax) {
      this.counts.refused++;
      return Promise.resolve({
        kind: "unavailable",
        message: `${this.#queueMax} operations are queued for this shard already`,
      });
    }
    return new Promise((settle) => {
      this.#queue.push({ txn, conflictKey, shares, settle });
      if (this.#flushing) return;
      this.#flushing = true;
      // One microtask later: what the same message brought shares the batch.
      queueMicrotask(() => {
        this.#flushing = false;
        this.#flush();
      });
    });
  }

  #flush(): void {
    while (this.#queue.readyLength > 0 && this.#maySend()) {
      const batch = this.#queue.take();
      this.#inFlight++;
      void this.#send(batch).then(() => {
        this.#inFlight--;
        this.#flush();
      });
    }
  }

  #maySend(): boolean {
    if (this.#inFlight < Math.min(2, this.#inFlightMax)) return true;
    return this.#inFlight < this.#inFlightMax && this.#queue.readyLength >= this.#fullBatch;
  }

  async #send(batch: readonly Pending[]): Promise<void> {
    this.counts.batches++;
    this.counts.operations += batch.length;
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      only.settle(await this.#store.commit(only.txn));
      return;
    }
    const txns = batch.map(({ txn }) => txn);
    const joined = joinTxns(txns, true);
    let reply = await this.#store.commit(joined.txn);
    if (joined.hoisted && reply.kind === "committed" && !reply.result.succeeded) {
      reply = await this.#store.commit(joinTxns(txns, false).txn);
    }
    if (reply.kind === "committed") {
      settleEach(batch, reply.result, reply.revision);
    } else if (reply.kind === "rejected" && reply.reason === "no-space") {
      await this.#sendWithoutPuts(batch, reply);
    } else if (reply.kind === "rejected") {
      await this.#split(batch);
    } else {
      for (const { settle } of batch) settle(reply);
    }
  }

  /** A full store still takes deletes and reads; halving would only find every put, one by one. */
  async #sendWithoutPuts(batch: readonly Pending[], reply: CommitReply): Promise<void> {
    const others = batch.filter(({ txn }) => !mayPut(txn));
    for (const { txn, settle } of batch) if (mayPut(txn)) settle(reply);
    if (others.length > 0) await this.#send(others);
  }

  /**
   * The store refused the batch whole, and certainly applied nothing: usually one operation's lease
   * had ended in that very moment (hazard 3). Halving finds the culprit; the others go through.
   */
  async #split(batch: readonly Pending[]): Promise<void> {
    this.counts.splits++;
    const middle = batch.length >> 1;
    await this.#send(batch.slice(0, middle));
    await this.#send(batch.slice(middle));
  }
}

function mayPut({ success, failure }: Txn): boolean {
  return [...success, ...failure].some(
    (op) => op.kind === "put" || (op.kind === "txn" && mayPut(op.txn)),
  );
}

function settleEach(batch: readonly Pending[], result: TxnResult, revision: bigint): void {
  invariant(result.results.length === batch.length, "one answer for each operation");
  for (const [index, { settle }] of batch.entries()) {
    const answer = result.results[index];
    invariant(answer?.kind === "txn", "a nested transaction answers as one");
    settle({ kind: "committed", revision, result: answer.result });
  }
}
