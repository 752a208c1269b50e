import type { Clock } from "@holdfast/base/clock";
import { failure } from "@holdfast/base/failure";
import type { GrantId } from "@holdfast/base/ids";
import type { Random } from "@holdfast/base/random";
import { encodeEpoch } from "@holdfast/core/lock/epoch";
import { epochKey } from "@holdfast/core/lock/keys";
import { firstPlacement, type Placement, placeOf } from "@holdfast/core/placement/placement";
import { acceptTxn, prepareTxn, readAccept, readPrepare } from "@holdfast/core/quorum/acceptor";
import { registerKeys } from "@holdfast/core/quorum/register-keys";
import { emptyRegister, type RegisterValue } from "@holdfast/core/quorum/register-value";
import { holderOf } from "@holdfast/core/quorum/testing/requests";
import type { Txn, TxnResult } from "@holdfast/core/txn/txn";
import { Membership } from "../membership.ts";
import type { MembershipPeer } from "../ports/membership-peer.ts";
import type { ShardStore } from "../ports/shard-store.ts";
import { makeShard, type Shard } from "../shard.ts";
import { testHash } from "./region.ts";

const regionNames = ["east", "west", "europe"] as const;
const epoch = 1;

/** One of three regions, with its shards and any number of coordinators' memberships. */
export class MemberRegion {
  readonly region: string;
  readonly shards: readonly Shard[];
  readonly memberships: Membership[] = [];
  /** Nobody outside hears it. */
  isCut = false;
  readonly placement: Placement;

  constructor(region: string, stores: readonly ShardStore[], surroundings: Surroundings) {
    this.region = region;
    this.shards = stores.map((store, index) => {
      return makeShard(region, `s${index}`, store, surroundings);
    });
    const weighted = this.shards.map(({ name }) => ({ name, weight: 1 }));
    this.placement = firstPlacement(testHash, region, weighted, []);
  }

  /** What the placement service does to a shard it meets. */
  async place(): Promise<void> {
    for (const { store } of this.shards) {
      const put = { kind: "put", key: epochKey, value: encodeEpoch(epoch), lease: 0n } as const;
      await committed(store, { compares: [], success: [put], failure: [] });
    }
  }

  /** Takes all data of its shards away. */
  async wipe(...names: string[]): Promise<void> {
    for (const { name, store } of this.shards) {
      if (names.length > 0 && !names.includes(name)) continue;
      const all = { kind: "delete", key: "\0", rangeEnd: "\x7f" } as const;
      await committed(store, { compares: [], success: [all], failure: [] });
    }
    await this.place();
  }

  /** Promises `round` for a lock; what kind of answer it got. */
  async prepare(name: string, round: number, generation: number) {
    const { site, shard } = this.#site(name);
    const request = { ballot: ballot(round), generation };
    return readPrepare(site, request, await committed(shard.store, prepareTxn(site, request)));
  }

  /** Accepts a value with one holder under `round`. */
  async accept(name: string, round: number, generation: number, ttlMs = 15_000) {
    const { site, shard } = this.#site(name);
    const request = {
      ballot: ballot(round),
      value: registerOf(`${name}-${round}`, ttlMs),
      next: ballot(round + 1),
      attach: [],
      forget: [] as GrantId[],
      generation,
    };
    const leases = new Map();
    const result = await committed(shard.store, acceptTxn(site, request, leases));
    return readAccept(site, request, leases, result);
  }

  #site(name: string) {
    const { slot, shard: shardName } = placeOf(testHash, this.placement, "default", name);
    const shard = this.shards.find((each) => each.name === shardName);
    if (shard === undefined) throw new Error(`no shard ${shardName}`);
    return { site: { keys: registerKeys(slot, "default", name), epoch }, shard };
  }
}

interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
}

/** Three regions, each with a coordinator whose membership is driven by hand. */
export class MemberRegions {
  readonly all: readonly MemberRegion[];
  readonly #surroundings: Surroundings;

  constructor(stores: readonly (readonly ShardStore[])[], surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.all = stores.map((own, index) => {
      return new MemberRegion(regionNames[index] ?? "", own, surroundings);
    });
  }

  /** Another coordinator's membership; nothing of it runs by itself. */
  add(index: number, change: Partial<MembershipPeer> = {}): Membership {
    const region = this.at(index);
    const peers = this.all
      .filter((each) => each !== region)
      .map((each) => ({ ...this.#peer(region, each), ...change }));
    const membership = new Membership({
      region: region.region,
      shards: region.shards,
      peers,
      surroundings: this.#surroundings,
      placement: () => region.placement,
      refusalOf: () => undefined,
    });
    region.memberships.push(membership);
    return membership;
  }

  at(index: number): MemberRegion {
    const region = this.all[index];
    if (region === undefined) throw new Error(`no region ${index}`);
    return region;
  }

  /** Places all shards, starts a coordinator a region and lets them find each other. */
  async form(): Promise<Membership[]> {
    for (const region of this.all) await region.place();
    const memberships = [this.add(0), this.add(1), this.add(2)];
    await this.settle();
    return memberships;
  }

  /** Lets everybody look, as often as it takes for what one does to be seen by the others. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) {
      for (const { memberships } of this.all) for (const each of memberships) await each.refresh();
    }
  }

  /** Everything that a region is asked goes to its first membership, unless it is cut off. */
  #peer(from: MemberRegion, to: MemberRegion): MembershipPeer {
    const away = failure("SHARD_UNAVAILABLE", `${to.region} is out of reach`);
    const ask = <A>(call: (membership: Membership) => Promise<A>) => {
      const [first] = to.memberships;
      return from.isCut || to.isCut || first === undefined ? Promise.resolve(away) : call(first);
    };
    return {
      region: to.region,
      describe: (withinMs) => ask((it) => it.describe(withinMs)),
      raise: (record, withinMs) => ask((it) => it.raise(record, withinMs)),
      readRegisters: (query, withinMs) => ask((it) => it.readRegisters(query, withinMs)),
      readmit: (withinMs) => ask((it) => it.readmit(withinMs)),
    };
  }
}

/** The ballot that {@link MemberRegion.prepare} asks for. */
export function ballot(round: number) {
  return { round, proposer: 1, incarnation: 1 };
}

/** The value that {@link MemberRegion.accept} writes. */
export function registerOf(grant: string, ttlMs = 15_000): RegisterValue {
  return { ...emptyRegister, holders: [holderOf(grant, { ttlMs })], version: 1 };
}

async function committed(store: ShardStore, txn: Txn): Promise<TxnResult> {
  const reply = await store.commit(txn);
  if (reply.kind !== "committed") throw new Error(`${reply.kind}: ${reply.message}`);
  return reply.result;
}
