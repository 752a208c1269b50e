import type { RegionClaims } from "@holdfast/core/quorum/claim";
import type { Members } from "@holdfast/core/quorum/members";
import { planReadmission, standingsIn } from "@holdfast/core/quorum/membership";
import type { TwinCopy } from "./acceptor-twin.ts";
import type { Coordinator } from "./register-coordinator.ts";
import { type RegisterRegion, regionNames } from "./register-region.ts";
import type { RegisterSurroundings } from "./register-surroundings.ts";

/** How long the answers of other regions are waited for, in milliseconds. */
const patienceMs = 1_200;
const stepsMax = 15;
/** How often an operator asks, at the most; each time somebody new may begin. */
const asksMax = 500;

interface Reached extends RegisterSurroundings {
  readonly regions: readonly RegisterRegion[];
  coordinatorsOf(region: number): Coordinator[];
}

/** Who belongs: what coordinators do about it by themselves, and what an operator asks for. */
export class RegisterMembership {
  readonly #world: Reached;
  readonly #looking = new Set<number>();
  /** Regions that were let in again. */
  readmissions = 0;

  constructor(world: Reached) {
    this.#world = world;
  }

  /** The record all regions begin with. */
  form(): void {
    const entries = this.#world.regions.map(({ member, acceptor }) => {
      return [member, { incarnation: acceptor.incarnation, isJoining: false }] as const;
    });
    const members: Members = { generation: 1, shards: Object.fromEntries(entries) };
    for (const { acceptor } of this.#world.regions) acceptor.members = members;
  }

  /** A region is behind: one of its coordinators finds the record and raises the shard. */
  lookAround(index: number): void {
    if (this.#looking.has(index)) return;
    this.#looking.add(index);
    this.describe(index, this.#world.regions, (claims) => {
      this.#looking.delete(index);
      const region = this.#world.regions[index] as RegisterRegion;
      for (const { action } of standingsIn(regionNames[index] ?? "", claims)) {
        if (action?.kind === "raise") region.raise(action.record);
      }
    });
  }

  /** Everybody who looked now would say that the region votes. */
  isWhole(index: number): boolean {
    const claims = this.#world.regions.map((each) => each.describe());
    return standingsIn(regionNames[index] ?? "", claims).every(({ state }) => state !== "silent");
  }

  /** An operator keeps asking for it until the region votes, now of one coordinator, now of two. */
  operate(index: number, asks = 1): void {
    const { random, timeline, weather } = this.#world;
    timeline.after(20 + random.next() * weather.operatorMs, () => {
      if (this.isWhole(index)) return;
      const [first, second] = this.#world.coordinatorsOf(index);
      if (first !== undefined) new Readmission(this.#world, this, index, first).step();
      const both = second ?? first;
      if (both !== undefined && random.next() < 0.4) {
        new Readmission(this.#world, this, index, both).step();
      }
      if (asks < asksMax) this.operate(index, asks + 1);
    });
  }

  /** Asks regions what they say of themselves; tells what was heard in time. */
  describe(
    from: number,
    regions: readonly RegisterRegion[],
    then: (claims: RegionClaims[]) => void,
  ): void {
    const { network, timeline } = this.#world;
    const heard = new Map<number, RegionClaims>();
    let isOver = false;
    const over = () => {
      if (isOver) return;
      isOver = true;
      then([...heard.values()]);
    };
    for (const region of regions) {
      network.send(from, region.index, () => {
        const claims = region.describe();
        network.send(region.index, from, () => {
          heard.set(region.index, claims);
          if (heard.size === regions.length) over();
        });
      });
    }
    timeline.after(patienceMs, over);
  }
}

/** One coordinator's try to fill its region's shard: the real plan, and twins of what it does. */
class Readmission {
  readonly #world: Reached;
  readonly #membership: RegisterMembership;
  readonly #region: RegisterRegion;
  readonly #isAlive: () => boolean;
  #steps = 0;

  constructor(
    world: Reached,
    membership: RegisterMembership,
    index: number,
    coordinator: Coordinator,
  ) {
    this.#world = world;
    this.#membership = membership;
    this.#region = world.regions[index] as RegisterRegion;
    const { incarnation } = coordinator;
    this.#isAlive = () => coordinator.isUp && coordinator.incarnation === incarnation;
  }

  step(): void {
    if (!this.#isAlive() || this.#steps++ >= stepsMax) return;
    this.#askAll((claims) => {
      if (!this.#isAlive()) return;
      const plan = planReadmission(regionNames[this.#region.index] ?? "", claims);
      const own = claims.find(({ region }) => region === regionNames[this.#region.index])
        ?.shards[0];
      // An older state that has a generation would keep the copy out.
      if (plan.kind === "raise" && own !== undefined && own.generation > 0) {
        this.#region.disown(own);
        this.#again();
      } else if (plan.kind === "raise") this.#raise(plan.record);
      else if (plan.kind === "copy") this.#copy(plan.record);
      else if (plan.kind === "blocked") this.#again();
    });
  }

  /** The own region last, as the real one does. */
  #askAll(then: (claims: RegionClaims[]) => void): void {
    const { index } = this.#region;
    this.#membership.describe(index, this.#others(), (others) => {
      this.#membership.describe(index, [this.#region], (own) => then([...own, ...others]));
    });
  }

  #again(): void {
    const { random, timeline } = this.#world;
    timeline.after(30 + random.next() * 120, () => this.step());
  }

  #raise(record: Members): void {
    for (const other of this.#others()) {
      this.#world.network.send(this.#region.index, other.index, () => other.raise(record));
    }
    this.#again();
  }

  /** Both copies are written before the shard is let in. */
  #copy(record: Members): void {
    const { incarnation } = record.shards[this.#region.member] ?? { incarnation: "" };
    const kept = new Map<number, TwinCopy>();
    for (const other of this.#others()) {
      this.#ask(
        other,
        () => other.copy(record.generation),
        (copy) => {
          if (copy.kind !== "copy") return;
          this.#ask(
            this.#region,
            () => this.#region.keep(other.index, incarnation, copy),
            (isKept) => {
              if (!isKept || kept.has(other.index)) return;
              kept.set(other.index, copy);
              if (kept.size === 2) this.#admit(incarnation, record, [...kept.values()]);
            },
          );
        },
      );
    }
    this.#world.timeline.after(2 * patienceMs, () => this.#again());
  }

  #admit(incarnation: string, record: Members, copies: readonly TwinCopy[]): void {
    const trustMs = Math.max(0, ...copies.map(longestTtlMs));
    this.#ask(
      this.#region,
      () => this.#region.readmit(incarnation, record, trustMs),
      (isDone) => {
        if (isDone) this.#membership.readmissions++;
      },
    );
  }

  #others(): RegisterRegion[] {
    return this.#world.regions.filter((each) => each !== this.#region);
  }

  #ask<A>(to: RegisterRegion, question: () => A, answer: (answer: A) => void): void {
    const { network } = this.#world;
    const from = this.#region.index;
    network.send(from, to.index, () => {
      const given = question();
      network.send(to.index, from, () => {
        if (this.#isAlive()) answer(given);
      });
    });
  }
}

function longestTtlMs({ accepted }: TwinCopy): number {
  const { holders = [], waiters = [] } = accepted?.value ?? {};
  return Math.max(0, ...[...holders, ...waiters].map(({ ttlMs }) => ttlMs));
}
