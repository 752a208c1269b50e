import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { Cancellation } from "@holdfast/base/cancellation";
import { SystemClock } from "@holdfast/base/clock";
import type { RequestId, SessionId } from "@holdfast/base/ids";
import { randomUuid, SystemRandom } from "@holdfast/base/random";
import type { AcquireCommand, Command } from "@holdfast/core/command/command";
import type { Grant, OutcomeOf } from "@holdfast/core/command/outcome";
import { defaultDelegationPolicy } from "@holdfast/core/delegation/recall";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { BallotSource } from "@holdfast/core/quorum/ballot";
import { registerKeys } from "@holdfast/core/quorum/register-keys";
import { AdmittedRegion } from "@holdfast/engine/admitted-region";
import { GlobalLocks } from "@holdfast/engine/global-locks";
import { isSite, locate } from "@holdfast/engine/local-context";
import { LocalLocks } from "@holdfast/engine/local-locks";
import { Membership } from "@holdfast/engine/membership";
import { PlacementPublisher } from "@holdfast/engine/placement";
import type { Call } from "@holdfast/engine/ports/lock-tier";
import { RegionAcceptor } from "@holdfast/engine/region-acceptor";
import { makeShard, type Shard } from "@holdfast/engine/shard";
import xxhash from "xxhash-wasm";
import { Gate } from "./gate.ts";
import { until } from "./until.ts";

const { h64: hash } = await xxhash();
const surroundings = { clock: new SystemClock(), random: new SystemRandom() };

/** The regions of {@link GlobalRegions}, each with one shard. */
export const regionNames = ["east", "north", "west"] as const;
export type RegionName = (typeof regionNames)[number];

interface Part {
  readonly store: EtcdShardStore;
  readonly gate: Gate;
  readonly shard: Shard;
  readonly local: LocalLocks;
}

/** Three regions over real etcds, their coordinators in this process and next to each other. */
export class GlobalRegions implements AsyncDisposable {
  readonly #parts = new Map<RegionName, Part>();
  readonly #memberships: Membership[] = [];
  readonly #locks = new Map<RegionName, GlobalLocks>();

  /** `urls`: one for each region. */
  static async start(urls: readonly string[]): Promise<GlobalRegions> {
    const regions = new GlobalRegions();
    for (const [index, region] of regionNames.entries()) {
      await regions.#startRegion(region, urls[index] ?? "");
    }
    regions.#startCoordinators();
    await until("the regions settle who votes", async () => {
      await Promise.all(regions.#memberships.map((each) => each.refresh()));
      return regions.#memberships.every((each) => typeof each.generation() === "number");
    });
    return regions;
  }

  /** Between a region's engine and its etcd. */
  gate(region: RegionName): Gate {
    return this.#part(region).gate;
  }

  /** Past engine and gate. */
  store(region: RegionName): EtcdShardStore {
    return this.#part(region).store;
  }

  shard(region: RegionName): Shard {
    return this.#part(region).shard;
  }

  local(region: RegionName): LocalLocks {
    return this.#part(region).local;
  }

  /** The keys of a register; the same in every region, for its slot is. */
  keysOf(name: string) {
    const site = locate(this.local("east").context, { ...lockOf(name), region: "east" });
    if (!isSite(site)) throw new Error(site.message);
    return registerKeys(site.slot, "default", name);
  }

  execute<C extends Command>(region: RegionName, command: C): Promise<OutcomeOf<C>> {
    const locks = this.#locks.get(region);
    if (locks === undefined) throw new Error(`no coordinator in ${region}`);
    return locks.execute(command, call());
  }

  async open(region: RegionName): Promise<SessionId> {
    const requestId = randomUuid(surroundings.random) as RequestId;
    const open = { kind: "open-session", region: globalRegion, ttlMs: 60_000, requestId } as const;
    const opened = await this.execute(region, open);
    if (opened.kind !== "opened") throw new Error(opened.message);
    return opened.session;
  }

  /** An exclusive try unless `more` says otherwise. */
  acquire(region: RegionName, name: string, more: Partial<AcquireCommand>) {
    return this.execute(region, {
      kind: "acquire",
      lock: lockOf(name),
      scope: "global",
      mode: "exclusive",
      requestId: randomUuid(surroundings.random) as RequestId,
      waitMs: 0,
      owner: "test",
      metadata: {},
      ...more,
    });
  }

  async grant(region: RegionName, name: string, more: Partial<AcquireCommand>): Promise<Grant> {
    const outcome = await this.acquire(region, name, more);
    if (outcome.kind === "granted") return outcome.grant;
    throw new Error(`not granted: ${JSON.stringify(outcome)}`);
  }

  release(region: RegionName, { lock, grantId, token }: Grant) {
    return this.execute(region, { kind: "release", lock, grantId, token, repeated: false });
  }

  get(region: RegionName, name: string) {
    return this.execute(region, { kind: "get", lock: lockOf(name) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const locks of this.#locks.values()) locks.stop();
    for (const membership of this.#memberships) membership.stop();
    for (const { local, store } of this.#parts.values()) {
      local.stop();
      store.close();
    }
  }

  async #startRegion(region: RegionName, url: string): Promise<void> {
    const store = new EtcdShardStore({ endpoints: [url], region, shard: "s0" });
    const gate = new Gate(store);
    const shard = makeShard(region, "s0", gate, surroundings);
    const place = { cluster: "test", region, hash, surroundings, shards: [shard] };
    const published = await new PlacementPublisher({
      ...place,
      weights: new Map(),
      hierarchical: [],
    }).publish();
    if ("kind" in published) throw new Error(published.message);
    const local = new LocalLocks(place);
    await local.start();
    this.#parts.set(region, { store, gate, shard, local });
  }

  #startCoordinators(): void {
    const peersOf = new Map<RegionName, Membership[]>(regionNames.map((region) => [region, []]));
    for (const region of regionNames) {
      const { local, shard } = this.#part(region);
      const { placements } = local.context;
      const membership = new Membership({
        region,
        shards: [shard],
        // Filled in below: each of them knows the two others.
        peers: peersOf.get(region) ?? [],
        surroundings,
        placement: () => placements.pin(),
        refusalOf: (each) => placements.refusalOf(each),
      });
      this.#memberships.push(membership);
      for (const [other, peers] of peersOf) if (other !== region) peers.push(membership);
    }
    const votes = this.#memberships.map((membership, index) => {
      const { local } = this.#part(regionNames[index] ?? "east");
      return new AdmittedRegion(new RegionAcceptor(local.context), membership);
    });
    for (const [index, region] of regionNames.entries()) {
      const membership = this.#memberships[index];
      const locks = new GlobalLocks({
        region,
        regions: votes,
        local: this.local(region).context,
        refusal: () => membership?.refusal(),
        coordinator: `${index + 1}.1`,
        coordinators: this.#locks,
        delegation: defaultDelegationPolicy,
        ballots: new BallotSource(index + 1, 1),
        surroundings,
        generation: () => membership?.generation() ?? 0,
        onGeneration: (seen) => membership?.onGeneration(seen),
        roundTripMs: () => 10,
        farthestMs: () => 10,
      });
      this.#locks.set(region, locks);
    }
  }

  #part(region: RegionName): Part {
    const part = this.#parts.get(region);
    if (part === undefined) throw new Error(`no region ${region}`);
    return part;
  }
}

function lockOf(name: string) {
  return { region: globalRegion, namespace: "default", name };
}

function call(): Call {
  return { cancellation: new Cancellation(), hops: 0, onCallerLost: "cancel" };
}
