import { emptyBytes } from "@holdfast/base/bytes";
import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import { type Random, SeededRandom } from "@holdfast/base/random";
import type { DelegationPolicy } from "@holdfast/core/delegation/recall";
import type { Marker } from "@holdfast/core/lease/marker";
import { compareBallots } from "@holdfast/core/quorum/ballot";
import { AcceptorTwin } from "../register/acceptor-twin.ts";
import { Timeline } from "../register/timeline.ts";
import { DelegationChecks } from "./delegation-checks.ts";
import { DelegationTwin } from "./delegation-twin.ts";

/** The regions by name, in the order of their numbers. */
export const regionNames = ["east", "west", "europe"] as const;
const regions = [0, 1, 2] as const;
/** Round trips between the regions, in milliseconds. */
const roundTripMs = [
  [1, 62, 75],
  [62, 1, 135],
  [75, 135, 1],
] as const;

/** How hostile a schedule is; chosen from its seed. */
export interface Weather {
  readonly loss: number;
  readonly jitterMs: number;
  /** Some links are slow in one direction, and so are processes within a region. */
  readonly isSlow: boolean;
  /** Crashes and cuts: one every so many milliseconds; 0 is none. */
  readonly faultEveryMs: number;
  /** How far apart the regions are; 1 is as far as in the world. */
  readonly distance: number;
  /** The share of local steps that stall on their way, or whose answer does. */
  readonly stalls: number;
  /** A region's shard loses its data and is admitted again. */
  readonly isWiped: boolean;
  readonly ttlMs: number;
  readonly delegationTtlMs: number;
  readonly holdMaxMs: number;
  /** A fifth of the leases end up to this much too late. */
  readonly leasesLateMs: number;
  /** How often coordinators look at shard and register, and waiting clients at theirs. */
  readonly lookMs: number;
  readonly driftMax: number;
  readonly policy: DelegationPolicy;
}

/** Somebody who may believe to have the lock. */
export interface Believer {
  readonly name: string;
  /** It would let a resource be touched now. */
  readonly believes: boolean;
}

/** What may die and start again after a while, or stand still for a while. */
export interface Process {
  crash(downMs: number): void;
  /** It is told to end, and does after a while. */
  retire(downMs: number): void;
  pause(lengthMs: number): void;
}

/** A region's shard: its vote, its keys of the delegated lock, and who has a lease there. */
export interface RegionShard {
  acceptor: AcceptorTwin;
  local: DelegationTwin;
  /** It has lost its data, and says nothing until it is admitted again. */
  isSilent: boolean;
}

interface Lease {
  readonly region: number;
  readonly session: SessionId;
  endsAtMs: number;
}

/** Three regions that hand one lock to each other, and the network between them. */
export class DelegationWorld {
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly weather: Weather;
  readonly shards: RegionShard[];
  readonly checks: DelegationChecks;
  readonly believers: Believer[] = [];
  #processes: readonly Process[] = [];
  readonly #cutUntilMs = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  /** Of late messages on each directed link. */
  readonly #rarity: readonly number[];
  readonly #leases = new Map<LeaseId, Lease>();
  #leaseCount = 0;
  #isCalm = false;
  /** Crashes, cuts and wipes so far. */
  faults = 0;
  /** Messages lost and steps stalled so far. */
  mishaps = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.weather = weatherOf(this.random);
    const isSlowLink = () => this.weather.isSlow && this.random.next() < 0.4;
    this.#rarity = this.#cutUntilMs.map(() => (isSlowLink() ? 1 : 4));
    this.checks = new DelegationChecks(
      () => this.timeline.nowMs,
      () => this.shards.map(({ local, isSilent }) => (isSilent ? undefined : local)),
    );
    this.shards = regions.map(() => ({
      acceptor: new AcceptorTwin(),
      local: this.#newLocal(),
      isSilent: false,
    }));
  }

  /** Lets the faults of the weather begin. */
  start(processes: readonly Process[]): void {
    this.#processes = processes;
    const { faultEveryMs, isWiped } = this.weather;
    if (faultEveryMs > 0) this.#nextFault();
    if (isWiped) this.#wipeLater();
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }

  /** From now on nothing is lost, cut, stalled or crashed. */
  calm(): void {
    this.#isCalm = true;
    this.#cutUntilMs.fill(0);
  }

  /** Carries something from one region to another, perhaps late or not at all. */
  send(from: number, to: number, deliver: () => void): void {
    const { loss, jitterMs, distance, isSlow } = this.weather;
    if (from === to) {
      const lateMs = this.#isCalm ? 0 : this.random.next() ** (isSlow ? 4 : 16) * jitterMs;
      this.timeline.after(0.5 + lateMs, deliver);
      return;
    }
    if (!this.#isCalm && this.random.next() < loss) {
      this.mishaps++;
      return;
    }
    const rarity = this.#rarity[from * 3 + to] ?? 4;
    const late = this.#isCalm ? 0 : this.random.next() ** rarity * jitterMs;
    const base = ((roundTripMs[from]?.[to] ?? 1) * distance) / 2;
    this.timeline.after(base + late, () => {
      if ((this.#cutUntilMs[from * 3 + to] ?? 0) > this.timeline.nowMs) return;
      deliver();
    });
  }

  /** To the region's own shard and back; either way may stall for long, or for ever. */
  toShard(region: number, deliver: (shard: RegionShard) => () => void): void {
    this.timeline.after(0.5 + this.#stallMs(), () => {
      const shard = this.shards[region] as RegionShard;
      if (shard.isSilent) return;
      const answer = deliver(shard);
      if (!this.#isCalm && this.random.next() < this.weather.stalls / 2) return;
      this.timeline.after(0.5 + this.#stallMs(), answer);
    });
  }

  /** The session's lease in the region, made where it has none. */
  grantLease(region: number, session: SessionId, ttlMs: number): LeaseId | undefined {
    const shard = this.shards[region] as RegionShard;
    if (shard.isSilent) return undefined;
    const known = shard.acceptor.leases.get(session);
    if (known !== undefined) return known;
    const lease = BigInt(++this.#leaseCount) as LeaseId;
    shard.acceptor.leases.set(session, lease);
    shard.local.leases.add(lease);
    const state = { region, session, endsAtMs: this.timeline.nowMs + ttlMs };
    this.#leases.set(lease, state);
    this.#watchLease(lease, state);
    return lease;
  }

  /** The lease lives for another ttl, if it lives. */
  keepAlive(lease: LeaseId, ttlMs: number): boolean {
    const state = this.#leases.get(lease);
    if (state === undefined || this.shards[state.region]?.isSilent) return false;
    state.endsAtMs = Math.max(state.endsAtMs, this.timeline.nowMs + ttlMs);
    return true;
  }

  /** A client begins to believe: nobody else may. */
  onBelief(client: Believer, grantId: GrantId, token: bigint): void {
    this.checks.onBelief(client.name, grantId, token);
    for (const other of this.believers) {
      if (other === client || !other.believes) continue;
      this.checks.fail("D2", `${client.name} and ${other.name} both believe`);
    }
  }

  #newLocal(): DelegationTwin {
    return new DelegationTwin(({ grantId, lease }) => this.checks.onLocalGrant(grantId, lease));
  }

  #stallMs(): number {
    if (this.#isCalm || this.random.next() >= this.weather.stalls) return 0;
    this.mishaps++;
    return this.random.next() ** 2 * 2_500;
  }

  /** etcd ends a lease late now and then, never early. */
  #watchLease(lease: LeaseId, state: Lease): void {
    const isLate = this.random.next() < 0.2;
    const lateMs = isLate ? this.random.next() * this.weather.leasesLateMs : 0;
    this.timeline.after(state.endsAtMs + lateMs - this.timeline.nowMs, () => {
      if (this.#leases.get(lease) !== state) return;
      if (state.endsAtMs > this.timeline.nowMs) {
        this.#watchLease(lease, state);
        return;
      }
      this.#leases.delete(lease);
      const { acceptor, local } = this.shards[state.region] as RegionShard;
      acceptor.endLease(state.session, lease);
      local.endLease(lease);
    });
  }

  #nextFault(): void {
    this.timeline.after(this.random.next() * 2 * this.weather.faultEveryMs, () => {
      if (this.#isCalm) return;
      this.faults++;
      const kind = this.random.next();
      const region = Math.floor(this.random.next() * 3);
      const other = (region + 1 + Math.floor(this.random.next() * 2)) % 3;
      const untilMs = this.timeline.nowMs + this.random.next() * 2_000;
      const at = Math.floor(this.random.next() * this.#processes.length);
      if (kind < 0.18) this.#processes[at]?.crash(this.random.next() ** 4 * 600);
      else if (kind < 0.2) this.#processes[at]?.retire(this.random.next() ** 4 * 600);
      else if (kind < 0.35) this.#processes[at]?.pause(this.random.next() ** 2 * 1_500);
      else if (kind < 0.5) this.#cutUntilMs[region * 3 + other] = untilMs;
      else this.#cutOff(region, untilMs, kind < 0.8);
      this.#nextFault();
    });
  }

  /** Nobody hears of the region; `isOneWay`: and it still hears of the others. */
  #cutOff(region: number, untilMs: number, isOneWay: boolean): void {
    for (const to of regions) {
      if (to === region) continue;
      this.#cutUntilMs[region * 3 + to] = untilMs;
      if (!isOneWay) this.#cutUntilMs[to * 3 + region] = untilMs;
    }
  }

  #wipeLater(): void {
    this.timeline.after(300 + this.random.next() * 2_000, () => {
      if (this.#isCalm) return;
      const region = Math.floor(this.random.next() * 3);
      const shard = this.shards[region] as RegionShard;
      this.faults++;
      for (const [lease, state] of this.#leases) {
        if (state.region === region) this.#leases.delete(lease);
      }
      shard.isSilent = true;
      shard.local = this.#newLocal();
      this.timeline.after(this.random.next() ** 2 * 800, () => this.#readmit(region));
    });
  }

  /** First the others are raised, then the higher copy is taken, and liveness is half trusted. */
  #readmit(region: number): void {
    const shard = this.shards[region] as RegionShard;
    const admitted = new AcceptorTwin();
    admitted.generation = shard.acceptor.generation + 1;
    admitted.halfTrusted = true;
    for (const other of this.shards) {
      if (other === shard) continue;
      const { acceptor } = other;
      acceptor.generation = admitted.generation;
      if (compareBallots(acceptor.promised, admitted.promised) > 0) {
        admitted.promised = acceptor.promised;
      }
      const { accepted } = acceptor;
      if (accepted === undefined) continue;
      const best = admitted.accepted;
      if (best === undefined || compareBallots(accepted.ballot, best.ballot) > 0) {
        admitted.accepted = accepted;
      }
    }
    shard.acceptor = admitted;
    shard.isSilent = false;
    const longestMs = Math.max(this.weather.ttlMs, this.weather.delegationTtlMs) + 500;
    this.timeline.after(longestMs, () => {
      admitted.halfTrusted = false;
    });
  }
}

/** What a step compares of a session's lease. */
export function markerOf(session: SessionId, lease: LeaseId): Marker {
  return { key: `v/${session}`, value: emptyBytes, lease };
}

function weatherOf(random: Random): Weather {
  const roll = () => random.next();
  const isSlow = roll() < 0.2;
  return {
    loss: roll() < 0.5 ? 0 : roll() * 0.2,
    jitterMs: isSlow ? 250 + roll() * 550 : roll() < 0.3 ? 2 : roll() * 250,
    isSlow,
    faultEveryMs: roll() < 0.25 ? 0 : 250 + roll() * 1_500,
    distance: isSlow || roll() < 0.6 ? 0.1 : 1,
    stalls: roll() < 0.4 ? 0 : roll() ** 2 * 0.3,
    isWiped: roll() < 0.2,
    ttlMs: 500 + roll() * 700,
    delegationTtlMs: 400 + roll() * 600,
    holdMaxMs: isSlow || roll() < 0.25 ? 2_500 : 250,
    leasesLateMs: isSlow ? 0 : 400,
    lookMs: isSlow ? 50 : 60 + roll() * 150,
    driftMax: 0.004,
    policy: {
      handOversMax: 1 + Math.floor(roll() * 5),
      recallMs: 100 + roll() * 700,
      idleMs: 50 + roll() * 800,
      renewAt: 1 + Math.floor(roll() * 5),
    },
  };
}
