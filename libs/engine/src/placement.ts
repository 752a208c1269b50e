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
import { absent } from "@holdfast/core/txn/txn";
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
    const placement = await this.#decide(first);
    if ("kind" in placement) return placement;
    const mismatch = this.#mismatch(placement);
    if (mismatch !== undefined) return mismatch;
    for (const shard of shards) {
      const trouble = await this.#install(shard, placement);
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

  /** What the deciding shard has, or the first placement if it has none. */
  async #decide(shard: Shard): Promise<Placement | Failure> {
    const { hash, region, hierarchical } = this.#options;
    const fresh = firstPlacement(hash, region, this.#wanted(), hierarchical);
    const reply = await shard.committer.submit(
      {
        compares: [absent(placementKey)],
        success: [{ kind: "put", key: placementKey, value: encodePlacement(fresh), lease: 0n }],
        failure: [{ kind: "range", key: placementKey }],
      },
      placementKey,
    );
    if (reply.kind !== "committed") return storeFailure(shard, reply);
    if (reply.result.succeeded) return fresh;
    const kv = read(reply.result.results[0]).kvs[0];
    const stored = kv === undefined ? undefined : decodePlacement(kv.value);
    return (
      stored ??
      failure(
        "SHARD_UNAVAILABLE",
        `The placement in ${printShard(shard)} is of a version this build cannot read. Run the ` +
          "build that wrote it, or a newer one.",
      )
    );
  }

  /** Slots cannot move yet, so a placement over other shards than the configured ones is an error. */
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

  /** A copy for routers that cannot reach the deciding shard; then the epoch. */
  async #install(shard: Shard, placement: Placement): Promise<Failure | undefined> {
    const put = await shard.committer.submit(
      {
        compares: [],
        success: [{ kind: "put", key: placementKey, value: encodePlacement(placement), lease: 0n }],
        failure: [],
      },
      placementKey,
    );
    if (put.kind !== "committed") return storeFailure(shard, put);
    for (let from = 0; from < placement.version; ) {
      const raised = await shard.committer.submit(raiseEpoch(from, placement.version), epochKey);
      if (raised.kind !== "committed") return storeFailure(shard, raised);
      if (raised.result.succeeded) return undefined;
      from = decodeEpoch(read(raised.result.results[0]));
    }
    return undefined;
  }
}
