import type { Clock } from "@holdfast/base/clock";
import type { LeaseId } from "@holdfast/base/ids";
import type { RangeOp, Txn } from "@holdfast/core/txn/txn";
import type { BoundHistogram, Meter } from "../ports/meter.ts";
import type {
  CommitReply,
  CompactReply,
  KeepAliveReply,
  LeaseGrantReply,
  LeaseKeysReply,
  RangeAtReply,
  RangeReply,
  ShardStore,
  StoreFailure,
  Watch,
  WatchListener,
  WatchRequest,
} from "../ports/shard-store.ts";
import { latencyBuckets } from "./buckets.ts";
import { LeaseRenewals } from "./lease-renewals.ts";

type Kind = "commit" | "read" | "lease" | "compact";
type RequestOutcome = "ok" | "rejected" | "unavailable" | "unknown";

/**
 * Times what a shard's store is asked for. A watch is not timed: it has no answer, and lasts as
 * long as somebody looks.
 */
export class MeasuredStore implements ShardStore {
  readonly #store: ShardStore;
  readonly #clock: Clock;
  readonly #seconds: (kind: Kind, outcome: RequestOutcome) => BoundHistogram;
  readonly #renewals: LeaseRenewals;
  #isAnswering = true;

  constructor(store: ShardStore, shard: string, meter: Meter, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#seconds = timings(meter, shard);
    this.#renewals = new LeaseRenewals(meter, shard, clock);
  }

  /** The latest request was answered, be it with a refusal. */
  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  commit(txn: Txn): Promise<CommitReply> {
    return this.#time("commit", this.#store.commit(txn));
  }

  range(range: RangeOp): Promise<RangeReply> {
    return this.#time("read", this.#store.range(range));
  }

  rangeAt(range: RangeOp, revision: bigint): Promise<RangeAtReply> {
    return this.#time("read", this.#store.rangeAt(range, revision));
  }

  grantLease(ttlS: number): Promise<LeaseGrantReply> {
    return this.#time("lease", this.#store.grantLease(ttlS));
  }

  async keepAlive(lease: LeaseId): Promise<KeepAliveReply> {
    const renewal = this.#renewals.begin();
    const reply = await this.#time("lease", this.#store.keepAlive(lease));
    this.#renewals.end(renewal, reply);
    return reply;
  }

  revokeLease(lease: LeaseId): Promise<{ readonly kind: "revoked" } | StoreFailure> {
    return this.#time("lease", this.#store.revokeLease(lease));
  }

  leaseKeys(lease: LeaseId): Promise<LeaseKeysReply> {
    return this.#time("lease", this.#store.leaseKeys(lease));
  }

  watch(watch: WatchRequest, listener: WatchListener): Watch {
    return this.#store.watch(watch, listener);
  }

  compact(revision: bigint): Promise<CompactReply> {
    return this.#time("compact", this.#store.compact(revision));
  }

  async #time<Reply extends { readonly kind: string }>(
    kind: Kind,
    asked: Promise<Reply>,
  ): Promise<Reply> {
    const startedMs = this.#clock.monotonicMs();
    const reply = await asked;
    const outcome = outcomeOf(reply.kind);
    this.#isAnswering = outcome === "ok" || outcome === "rejected";
    this.#seconds(kind, outcome).observe((this.#clock.monotonicMs() - startedMs) / 1_000);
    return reply;
  }
}

function outcomeOf(kind: string): RequestOutcome {
  return kind === "rejected" || kind === "unavailable" || kind === "unknown" ? kind : "ok";
}

function timings(meter: Meter, shard: string) {
  const histogram = meter.histogram({
    name: "holdfast_etcd_request_seconds",
    help: "Requests to the servers of a shard, by kind and how they were answered",
    labels: ["shard", "kind", "outcome"],
    buckets: latencyBuckets,
  });
  const bound = new Map<Kind, Map<RequestOutcome, BoundHistogram>>();
  return (kind: Kind, outcome: RequestOutcome): BoundHistogram => {
    const byOutcome = bound.get(kind) ?? new Map<RequestOutcome, BoundHistogram>();
    const known = byOutcome.get(outcome);
    if (known !== undefined) return known;
    const made = histogram.with({ shard, kind, outcome });
    bound.set(kind, byOutcome.set(outcome, made));
    return made;
  };
}
