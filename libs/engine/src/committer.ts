import type { Clock, Timer } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";
import { isSampled, type Span, type Tracer } from "@holdfast/base/tracer";
import { BatchQueue, type Submission } from "@holdfast/core/txn/batch";
import { eachAnswer, joinTxns } from "@holdfast/core/txn/join";
import {
  type BatchLimits,
  type Bundle,
  defaultBatchLimits,
  Packing,
} from "@holdfast/core/txn/packing";
import { sizeOf } from "@holdfast/core/txn/size";
import type { Txn } from "@holdfast/core/txn/txn";
import type { BatchPace } from "./batch-pace.ts";
import type { CommitMetrics } from "./metrics/commit-metrics.ts";
import type { CommitReply, ShardStore } from "./ports/shard-store.ts";
import { TogetherSize } from "./together-size.ts";

/** What a committer needs and how far it may go. */
export interface CommitterOptions {
  readonly store: ShardStore;
  readonly limits?: BatchLimits;
  /** Batches under way at once while each is worth sending (2 to 4). */
  readonly inFlightMax?: number;
  /** Past the second batch in flight, only one of at least this many operations is sent. */
  readonly fullBatch?: number;
  /** When a batch that is not full goes; absent: as soon as there is one. */
  readonly pace?: BatchPace;
  /** Operations queued and not sent; past it a submission is refused at once. */
  readonly queueMax?: number;
  /** Who is told of what it does; absent: nobody. */
  readonly witness?: CommitWitness;
}

/** Who is told of the batches of a committer, and follows single operations through it. */
export interface CommitWitness {
  readonly clock: Clock;
  readonly metrics: CommitMetrics;
  readonly tracer?: Tracer;
  /** Named in what is traced. */
  readonly shard?: string;
}

/** Counters of one committer; they only grow. */
export interface CommitterCounts {
  batches: number;
  operations: number;
  splits: number;
  /** Sent once more, each by itself, after a bundle that was lost as a whole. */
  parted: number;
  refused: number;
}

/** How an operation goes with others. */
export interface SubmitOptions {
  /** It may go together with others of its conflict key that say the same here. */
  readonly shares?: string;
  /** It expects to win, see {@link Member}. */
  readonly hopeful?: boolean;
  /** The trace context of what it is a part of. */
  readonly traceparent?: string | undefined;
}

type Committed = Extract<CommitReply, { kind: "committed" }>;

interface Pending extends Submission {
  readonly settle: (reply: CommitReply) => void;
  /** Of the moment in which it was queued, on the monotonic clock. */
  readonly queuedAtMs: number;
  /** From the queue to the answer, where its trace is kept. */
  readonly span: Span | undefined;
}

/**
 * Group commit onto one shard: packs queued operations as nested transactions into one etcd
 * transaction, one Raft entry. A lone operation is sent at once, so a quiet shard pays nothing;
 * on a busy one batches keep a distance, see {@link BatchPace}.
 *
 * It never repeats what may have been applied (hazard 6): `unknown` goes to every caller of the
 * batch, for only the caller knows whether its operation may be sent again.
 */
export class Committer {
  readonly counts: CommitterCounts = {
    batches: 0,
    operations: 0,
    splits: 0,
    parted: 0,
    refused: 0,
  };
  readonly #store: ShardStore;
  readonly #queue: BatchQueue<Pending>;
  readonly #limits: BatchLimits;
  readonly #together = new TogetherSize();
  readonly #inFlightMax: number;
  readonly #fullBatch: number;
  readonly #queueMax: number;
  readonly #pace: BatchPace | undefined;
  readonly #witness: CommitWitness | undefined;
  /** While a batch waits that is not full. */
  #timer: Timer | undefined;
  #inFlight = 0;
  #flushing = false;
  /** Operations of one moment share one look at the clock. */
  #nowMs = 0;

  constructor(options: CommitterOptions) {
    this.#store = options.store;
    this.#limits = options.limits ?? defaultBatchLimits;
    this.#queue = new BatchQueue(this.#limits);
    this.#inFlightMax = options.inFlightMax ?? 4;
    this.#fullBatch = options.fullBatch ?? 64;
    this.#queueMax = options.queueMax ?? 50_000;
    this.#pace = options.pace;
    this.#witness = options.witness;
    invariant(this.#inFlightMax >= 1, "at least one batch in flight");
  }

  /** Operations that are queued and not sent. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Resolves with the answer to this one operation; never rejects. */
  submit(txn: Txn, conflictKey: string, options: SubmitOptions = {}): Promise<CommitReply> {
    const { shares, hopeful = false, traceparent } = options;
    if (this.#queue.length >= this.#queueMax) {
      this.counts.refused++;
      return Promise.resolve({
        kind: "unavailable",
        message: `${this.#queueMax} operations are queued for this shard already`,
      });
    }
    if (!this.#flushing) this.#nowMs = this.#witness?.clock.monotonicMs() ?? 0;
    const span = isSampled(traceparent) ? this.#span(traceparent) : undefined;
    return new Promise((settle) => {
      const queuedAtMs = this.#nowMs;
      this.#queue.push({ txn, conflictKey, shares, hopeful, settle, queuedAtMs, span });
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
      if (this.#isEarly()) return;
      const batch = this.#queue.take(this.#together.size);
      this.#inFlight++;
      void this.#send(batch, true).then(() => {
        this.#inFlight--;
        this.#flush();
      });
    }
  }

  /** The next batch is to wait for more operations; it is looked at again when it has. */
  #isEarly(): boolean {
    const isFull = this.#queue.readyLength >= this.#fullBatch;
    const leftMs = isFull ? 0 : (this.#pace?.leftMs ?? 0);
    if (leftMs === 0) return false;
    this.#timer ??= this.#pace?.clock.schedule(leftMs, () => {
      this.#timer = undefined;
      this.#flush();
    });
    return true;
  }

  #maySend(): boolean {
    if (this.#inFlight < Math.min(2, this.#inFlightMax)) return true;
    return this.#inFlight < this.#inFlightMax && this.#queue.readyLength >= this.#fullBatch;
  }

  async #send(batch: readonly Bundle<Pending>[], hoist: boolean): Promise<void> {
    const members = batch.flatMap((bundle) => bundle.members);
    this.counts.batches++;
    this.counts.operations += members.length;
    const spans = this.#tell(members);
    const answered = this.#pace?.sent(members.length);
    const [only] = members;
    if (members.length === 1 && only !== undefined) {
      const reply = await this.#store.commit(only.txn);
      answered?.();
      endAll(spans, reply);
      settle(only, reply);
      return;
    }
    const reply = await this.#store.commit(joinTxns(batch, hoist));
    answered?.();
    endAll(spans, reply);
    if (reply.kind === "committed") {
      await this.#settle(batch, reply);
    } else if (reply.kind === "rejected" && reply.reason === "no-space") {
      await this.#sendWithoutPuts(members, reply);
    } else if (reply.kind === "rejected") {
      await this.#split(members);
    } else {
      for (const member of members) settle(member, reply);
    }
  }

  /** Tells of a batch that is about to be sent; what is begun ends with its answer. */
  #tell(members: readonly Pending[]): readonly Span[] {
    if (this.#witness === undefined) return noSpans;
    const { clock, metrics, tracer, shard = "" } = this.#witness;
    const nowMs = clock.monotonicMs();
    metrics.batch.observe(members.length);
    let spans: Span[] | undefined;
    for (const { queuedAtMs, span } of members) {
      metrics.wait.observe((nowMs - queuedAtMs) / 1_000);
      if (span === undefined) continue;
      const attributes = { "holdfast.shard": shard, "holdfast.batch": members.length };
      const sent = tracer?.span("etcd txn", span.traceparent, attributes);
      if (sent !== undefined) spans = [...(spans ?? noSpans), sent];
    }
    return spans ?? noSpans;
  }

  #span(traceparent: string): Span | undefined {
    const { tracer, shard = "" } = this.#witness ?? {};
    return tracer?.span("commit", traceparent, { "holdfast.shard": shard });
  }

  /** Those about whom nothing was decided are asked again, each by itself. */
  async #settle(batch: readonly Bundle<Pending>[], reply: Committed): Promise<void> {
    const undecided: Pending[] = [];
    let hopes = 0;
    let lost = 0;
    eachAnswer(
      batch,
      reply.result,
      (member, result) => {
        if (member.hopeful) hopes++;
        if (member.hopeful && !result.succeeded) lost++;
        settle(member, { kind: "committed", revision: reply.revision, result });
      },
      (member) => undecided.push(member),
    );
    // A batch that was lost as a whole says nothing of its bundles.
    if (reply.result.succeeded && hopes + undecided.length > 0) {
      this.#together.learn(lost + undecided.length > 0);
    }
    this.counts.parted += undecided.length;
    await this.#sendApart(undecided);
  }

  /** As few batches as they fit in, with nothing decided for several at once. */
  async #sendApart(members: readonly Pending[]): Promise<void> {
    let packing = new Packing<Pending>(this.#limits, 0);
    for (const member of members) {
      const size = sizeOf(member.txn);
      if (packing.add(member, size)) continue;
      await this.#send(packing.bundles, false);
      packing = new Packing(this.#limits, 0);
      packing.add(member, size);
    }
    if (packing.length > 0) await this.#send(packing.bundles, false);
  }

  /** A full store still takes deletes and reads; halving would only find every put, one by one. */
  async #sendWithoutPuts(members: readonly Pending[], reply: CommitReply): Promise<void> {
    for (const member of members) if (mayPut(member.txn)) settle(member, reply);
    await this.#sendApart(members.filter(({ txn }) => !mayPut(txn)));
  }

  /**
   * The store refused the batch whole, and certainly applied nothing: usually one operation's lease
   * had ended in that very moment (hazard 3). Halving finds the culprit; the others go through.
   */
  async #split(members: readonly Pending[]): Promise<void> {
    this.counts.splits++;
    const middle = members.length >> 1;
    await this.#sendApart(members.slice(0, middle));
    await this.#sendApart(members.slice(middle));
  }
}

const noSpans: readonly Span[] = [];

function settle(member: Pending, reply: CommitReply): void {
  if (member.span !== undefined) endAll([member.span], reply);
  member.settle(reply);
}

function endAll(spans: readonly Span[], { kind }: CommitReply): void {
  for (const span of spans) span.end(kind, kind === "unavailable" || kind === "unknown");
}

function mayPut({ success, failure }: Txn): boolean {
  return [...success, ...failure].some(
    (op) => op.kind === "put" || (op.kind === "txn" && mayPut(op.txn)),
  );
}
