import { sleep } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import { read } from "@holdfast/core/lock/enqueue";
import { decodeEpoch, raiseEpoch } from "@holdfast/core/lock/epoch";
import { epochKey, identityKey, placementKey } from "@holdfast/core/lock/keys";
import { decodePlacement, type Placement } from "@holdfast/core/placement/placement";
import { byDeadline } from "./deadline.ts";
import { printShard, type Shard, type Surroundings, unreached } from "./shard.ts";
import { checkIdentity } from "./shard-identity.ts";

/** How often a router that missed the watch looks for a newer placement, in ms. */
const refreshMs = 10_000;
/** How long an operation waits for router and shard to agree on an epoch, in ms. */
const agreeMs = 2_000;
const agreePauseMs = 25;
/** How long a start waits for shards that do not answer, in ms. */
const startMs = 1_000;

/**
 * The region's placement as this router knows it. Every shard holds a copy; the newest counts.
 * A shard that is behind is raised by any router that comes along with a newer one.
 */
export class Placements {
  readonly #cluster: string;
  readonly #region: string;
  readonly #shards: ReadonlyMap<string, Shard>;
  readonly #surroundings: Surroundings;
  /** Shards that said they are who they should be; the store pins the cluster behind them. */
  readonly #verified = new Set<string>();
  readonly #refused = new Map<string, Failure>();
  #current: Placement | undefined;
  #refreshing: Promise<void> | undefined;
  #stopped = false;

  constructor(
    cluster: string,
    region: string,
    shards: ReadonlyMap<string, Shard>,
    surroundings: Surroundings,
  ) {
    this.#cluster = cluster;
    this.#region = region;
    this.#shards = shards;
    this.#surroundings = surroundings;
  }

  /** Undefined until one was read. */
  get current(): Placement | undefined {
    return this.#current;
  }

  /** Reads once, waiting for slow shards only a moment, and goes on looking until {@link stop}. */
  async start(): Promise<void> {
    await Promise.race([this.refresh(), sleep(this.#surroundings.clock, startMs)]);
    this.#scheduleRefresh();
  }

  /** There is a placement, and a shard that can be used under it. */
  get isReady(): boolean {
    return this.#current !== undefined && this.#verified.size > 0;
  }

  /** The shard said that it is the one it is configured as. */
  isVerified(shard: string): boolean {
    return this.#verified.has(shard);
  }

  stop(): void {
    this.#stopped = true;
  }

  /** The placement to pin, or why there is none. */
  pin(): Placement | Failure {
    const [refusal] = this.#refused.values();
    return (
      this.#current ??
      refusal ??
      failure(
        "SHARD_UNAVAILABLE",
        `Region ${this.#region} has no placement yet: none of its shards could be read, or the ` +
          "placement service has not published one.",
        { retryAfterMs: 1_000 },
      )
    );
  }

  /** Undefined where the shard proved to be the one it is configured as. */
  refusalOf(shard: Shard): Failure | undefined {
    if (this.#verified.has(shard.name)) return undefined;
    // Not asked yet, because it did not answer: ask before anything is written.
    void this.refresh();
    return (
      this.#refused.get(shard.name) ??
      failure("SHARD_UNAVAILABLE", `Shard ${printShard(shard)} has not answered yet.`, {
        shard: printShard(shard),
        retryAfterMs: 500,
      })
    );
  }

  /** Reads the copies of all shards; single-flight. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /**
   * A write found the shard at another epoch than its placement's. Brings the two together: a shard
   * that is behind is raised, a router that is behind reads until it has caught up. Nobody waits
   * longer for it than until `deadlineMs`, on the monotonic clock.
   */
  async reconcile(
    shard: Shard,
    shardEpoch: number,
    deadlineMs = Number.POSITIVE_INFINITY,
  ): Promise<Failure | undefined> {
    const { clock } = this.#surroundings;
    const untilMs = Math.min(deadlineMs, clock.monotonicMs() + agreeMs);
    const agreed = await byDeadline(clock, untilMs, this.#agree(shard, shardEpoch, untilMs));
    return agreed?.kind === "unavailable" ? this.#disagreement(shard, shardEpoch) : agreed;
  }

  async #agree(shard: Shard, shardEpoch: number, untilMs: number): Promise<Failure | undefined> {
    const { clock } = this.#surroundings;
    let epoch = shardEpoch;
    while (clock.monotonicMs() < untilMs) {
      const version = this.#current?.version ?? 0;
      if (epoch === 0) {
        const given = await this.#awaitEpoch(shard);
        if (typeof given !== "number") return given;
        epoch = given;
        continue;
      }
      if (epoch === version) return undefined;
      if (epoch < version) {
        const raised = await this.#raise(shard, epoch, version);
        if (typeof raised !== "number") return raised;
        epoch = raised;
        continue;
      }
      // This shard's own copy: another one that is out of reach must not hold this one up.
      await this.#readShard(shard);
      if ((this.#current?.version ?? 0) < epoch) await sleep(clock, agreePauseMs);
    }
    return this.#disagreement(shard, epoch);
  }

  #disagreement(shard: Shard, epoch: number): Failure {
    return failure(
      "SHARD_UNAVAILABLE",
      epoch === 0
        ? `Shard ${printShard(shard)} has acknowledged no placement: the placement service has ` +
            "not reached it yet. Try again."
        : `Shard ${printShard(shard)} has acknowledged placement ${epoch}, which this router has ` +
            `not seen (it knows ${this.#current?.version ?? 0}). Try again.`,
      { shard: printShard(shard), retryAfterMs: 500 },
    );
  }

  /**
   * A shard without an epoch is new or has lost everything. Only the placement service gives it
   * one: raised to one that it had before, it would give out tokens that it gave out before.
   */
  async #awaitEpoch(shard: Shard): Promise<number | Failure> {
    // Not a refresh: one under way may have read the shard before it was emptied, and it waits for
    // shards that do not answer.
    await this.#readShard(shard);
    const refusal = this.refusalOf(shard);
    if (refusal !== undefined) return refusal;
    await sleep(this.#surroundings.clock, agreePauseMs);
    const reply = await shard.store.range({ kind: "range", key: epochKey });
    return reply.kind === "read" ? decodeEpoch(reply.range) : unreached(shard, reply);
  }

  /** Raises a shard's epoch; answers what it is afterwards. */
  async #raise(shard: Shard, from: number, to: number): Promise<number | Failure> {
    const reply = await shard.committer.submit(raiseEpoch(from, to), epochKey);
    if (reply.kind !== "committed") {
      // Raising is idempotent and the lock was not touched: what is unknown here is definite there.
      return unreached(shard, reply);
    }
    if (reply.result.succeeded) return to;
    const read = reply.result.results[0];
    return read?.kind === "range" ? decodeEpoch(read) : 0;
  }

  async #read(): Promise<void> {
    const shards = [...this.#shards.values()];
    await Promise.all(shards.map((shard) => this.#readShard(shard)));
  }

  async #readShard(shard: Shard): Promise<void> {
    const reply = await shard.store.commit({
      compares: [],
      success: [identityKey, placementKey].map((key) => ({ kind: "range", key })),
      failure: [],
    });
    if (reply.kind !== "committed") return;
    const [identity, stored] = reply.result.results.map((result) => read(result).kvs[0]);
    const refusal = checkIdentity(shard, this.#cluster, identity?.value);
    if (refusal !== undefined) {
      this.#refused.set(shard.name, refusal);
      this.#verified.delete(shard.name);
      return;
    }
    this.#verified.add(shard.name);
    this.#refused.delete(shard.name);
    const placement = stored === undefined ? undefined : decodePlacement(stored.value);
    if (placement === undefined || placement.region !== this.#region) return;
    if (placement.version > (this.#current?.version ?? 0)) this.#current = placement;
  }

  #scheduleRefresh(): void {
    if (this.#stopped) return;
    // Until there is one, nothing works: look often. Afterwards a stale one writes nothing.
    const incomplete = this.#verified.size < this.#shards.size;
    const delayMs = this.#current === undefined || incomplete ? 200 : refreshMs;
    this.#surroundings.clock.schedule(delayMs, () => {
      if (this.#stopped) return;
      void this.refresh().then(() => this.#scheduleRefresh());
    });
  }
}
