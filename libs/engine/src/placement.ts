import { type Failure, failure } from "@holdfast/base/failure";
import { randomId } from "@holdfast/base/random";
import { read } from "@holdfast/core/lock/enqueue";
import { decodeEpoch, raiseEpoch } from "@holdfast/core/lock/epoch";
import { epochKey, identityKey, placementKey } from "@holdfast/core/lock/keys";
import {
  decodePlacement,
  encodePlacement,
  firstPlacement,
  type Placement,
} from "@holdfast/core/placement/placement";
import type { WeightedShard } from "@holdfast/core/placement/ring";
import type { Hash64 } from "@holdfast/core/placement/slot";
import { absent, type KeyValue, writtenAt } from "@holdfast/core/txn/txn";
import { printShard, type Shard, type Surroundings, storeFailure } from "./shard.ts";
import { checkIdentity, encodeIdentity } from "./shard-identity.ts";

/** What the control plane of one region is told. */
export interface PlacementPublisherOptions {
  /** The name of the whole installation: a shard of another one is refused. */
  readonly cluster: string;
  readonly region: string;
  readonly shards: readonly Shard[];
  /** Shares of the key space, by shard; 1 where absent. */
  readonly weights: ReadonlyMap<string, number>;
  readonly hierarchical: readonly string[];
  readonly hash: Hash64;
  readonly surroundings: Surroundings;
}

/** What one shard knows of the region's placement. */
interface Copy {
  readonly shard: Shard;
  /** 0 where it has acknowledged none. */
  readonly epoch: number;
  readonly kv?: KeyValue;
  readonly placement?: Placement;
}

/**
 * Publishes a region's placement. The first shard by name decides what version n is, by a compare;
 * the others get a copy, and every shard acknowledges it by raising its epoch.
 */
export class PlacementPublisher {
  readonly #options: PlacementPublisherOptions;

  constructor(options: PlacementPublisherOptions) {
    this.#options = options;
  }

  /** Brings all shards to the region's placement; repeating it changes nothing. */
  async publish(): Promise<Placement | Failure> {
    const shards = [...this.#options.shards].sort((a, b) => (a.name < b.name ? -1 : 1));
    const [first] = shards;
    if (first === undefined) return failure("INVALID_ARGUMENT", "A region needs a shard.");
    for (const shard of shards) {
      const trouble = await this.#identify(shard);
      if (trouble !== undefined) return trouble;
    }
    const copies: Copy[] = [];
    for (const shard of shards) {
      const copy = await this.#look(shard);
      if ("code" in copy) return copy;
      copies.push(copy);
    }
    const placement = this.#next(copies);
    const mismatch = this.#mismatch(placement);
    if (mismatch !== undefined) return mismatch;
    // The first one to take it makes it the region's placement; the others get a copy for routers
    // that cannot reach the first.
    for (const copy of copies) {
      const trouble = await this.#put(copy, placement);
      if (trouble !== undefined) return trouble;
    }
    for (const shard of shards) {
      const trouble = await this.#acknowledge(shard, placement);
      if (trouble !== undefined) return trouble;
    }
    return placement;
  }

  /** Gives a new shard its name, and refuses one that has another. */
  async #identify(shard: Shard): Promise<Failure | undefined> {
    const { cluster, surroundings } = this.#options;
    const value = encodeIdentity(shard, cluster, randomId(surroundings.random));
    const reply = await shard.committer.submit(
      {
        compares: [absent(identityKey)],
        success: [{ kind: "put", key: identityKey, value, lease: 0n }],
        failure: [{ kind: "range", key: identityKey }],
      },
      identityKey,
    );
    if (reply.kind !== "committed") return storeFailure(shard, reply);
    if (reply.result.succeeded) return undefined;
    const stored = read(reply.result.results[0]).kvs[0];
    return checkIdentity(shard, cluster, stored?.value);
  }

  /** What a shard knows of the region's placement. */
  async #look(shard: Shard): Promise<Copy | Failure> {
    const reply = await shard.store.commit({
      compares: [],
      success: [placementKey, epochKey].map((key) => ({ kind: "range", key })),
      failure: [],
    });
    if (reply.kind !== "committed") return storeFailure(shard, reply);
    const [stored, epoch] = reply.result.results.map(read);
    const kv = stored?.kvs[0];
    const known = { shard, epoch: epoch === undefined ? 0 : decodeEpoch(epoch) };
    if (kv === undefined) return known;
    const placement = decodePlacement(kv.value);
    if (placement !== undefined) return { ...known, kv, placement };
    return failure(
      "SHARD_UNAVAILABLE",
      `The placement in ${printShard(shard)} is of a version this build cannot read. Run the ` +
        "build that wrote it, or a newer one.",
    );
  }

  /**
   * The newest placement any shard knows, or the first one. A shard without an epoch beside others
   * that have one has lost everything, and its revisions begin anew: it gets an epoch it never had,
   * or the tokens of its locks would begin anew too.
   */
  #next(copies: readonly Copy[]): Placement {
    const { hash, region, hierarchical } = this.#options;
    const first = firstPlacement(hash, region, this.#wanted(), hierarchical);
    const newest = copies
      .map(({ placement }) => placement)
      .reduce((a, b) => ((a?.version ?? 0) >= (b?.version ?? 0) ? a : b));
    const epochs = copies.map(({ epoch }) => epoch);
    const version = Math.max(newest?.version ?? 0, ...epochs);
    if (version === 0) return first;
    if (newest?.version === version && epochs.every((epoch) => epoch > 0)) return newest;
    return { ...(newest ?? first), version: version + 1 };
  }

  /**
   * Writes the placement over the copy as it was read. Without the compare a publisher that stalled
   * would put an older one over the newer one of another.
   */
  async #put(
    { shard, kv, placement: stored }: Copy,
    placement: Placement,
  ): Promise<Failure | undefined> {
    if (stored?.version === placement.version) return undefined;
    const value = encodePlacement(placement);
    const reply = await shard.committer.submit(
      {
        compares: [kv === undefined ? absent(placementKey) : writtenAt(kv.key, kv.modRevision)],
        success: [{ kind: "put", key: placementKey, value, lease: 0n }],
        failure: [],
      },
      placementKey,
    );
    if (reply.kind !== "committed") return storeFailure(shard, reply);
    if (reply.result.succeeded) return undefined;
    return failure("CONTENDED", "Another placement service publishes at the same time.", {
      retryAfterMs: 500,
    });
  }

  /**
   * Slots cannot move yet, so a placement over other shards than the configured ones is an error.
   */
  #mismatch(placement: Placement): Failure | undefined {
    const print = (shards: readonly WeightedShard[]) =>
      [...shards]
        .map(({ name, weight }) => `${name}*${weight}`)
        .sort()
        .join(" ");
    const wanted = print(this.#wanted());
    const stored = print(placement.shards);
    if (wanted === stored) return undefined;
    return failure(
      "INVALID_ARGUMENT",
      `Region ${this.#options.region} was placed on the shards ${stored}, but is configured for ` +
        `${wanted}. Slots cannot be moved in this version: configure the shards it was placed on.`,
    );
  }

  #wanted(): WeightedShard[] {
    return this.#options.shards
      .map(({ name }) => ({ name, weight: this.#options.weights.get(name) ?? 1 }))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** Raises the shard's epoch. */
  async #acknowledge(shard: Shard, placement: Placement): Promise<Failure | undefined> {
    for (let from = 0; from < placement.version; ) {
      const raised = await shard.committer.submit(raiseEpoch(from, placement.version), epochKey);
      if (raised.kind !== "committed") return storeFailure(shard, raised);
      if (raised.result.succeeded) return undefined;
      from = decodeEpoch(read(raised.result.results[0]));
    }
    return undefined;
  }
}
