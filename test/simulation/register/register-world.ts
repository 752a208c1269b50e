import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { type Random, SeededRandom } from "@holdfast/base/random";
import { FencingGuard } from "@holdfast/core/fencing/guard";
import type { Mode } from "@holdfast/core/lock/lock-id";
import { Network } from "./network.ts";
import { RegisterChecks } from "./register-checks.ts";
import { Coordinator } from "./register-coordinator.ts";
import { RegisterMembership } from "./register-membership.ts";
import { RegisterRecord } from "./register-record.ts";
import { RegisterRegion } from "./register-region.ts";
import { Timeline } from "./timeline.ts";
import { type Weather, weatherOf } from "./weather.ts";

const regionIndexes = [0, 1, 2] as const;
const hourMs = 3_600_000;
/** Of so many schedules one is compared with what the histories tell: that costs as much again. */
const recordedEvery = 50;

/** Somebody who may believe to have the lock. */
export interface Believer {
  readonly name: string;
  readonly grantId: GrantId | undefined;
  readonly mode: Mode | undefined;
  /** It would let a resource be touched now. */
  readonly believes: boolean;
  /** Times it began to believe. */
  readonly beliefs: number;
  /** It beats no more and asks for nothing; what it believes it goes on believing. */
  die(): void;
  /** Its session reaches its own region only, and it gives nothing back. */
  strand(): void;
  /** Somebody sets its machine's wall clock. */
  jump(byMs: number): void;
}

/** Three regions with a shard and coordinators each, and the network between them. */
export class RegisterWorld {
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly weather: Weather;
  readonly network: Network;
  readonly checks = new RegisterChecks(
    () => this.timeline.nowMs,
    (grantId) => this.clients.some((client) => client.grantId === grantId && client.believes),
  );
  readonly record?: RegisterRecord;
  readonly regions: readonly RegisterRegion[];
  readonly coordinators: readonly Coordinator[];
  readonly membership: RegisterMembership;
  readonly clients: Believer[] = [];
  /** What the lock is there for: it remembers the highest token. */
  readonly #guard = new FencingGuard();
  #leases = 0;
  #sendings = 0;
  #isCalm = false;
  /** Crashes, pauses, cuts and wipes so far. */
  faults = 0;
  /** Regions that lost all their data. */
  wipes = 0;

  constructor(seed: number, weather?: Partial<Weather>) {
    this.random = new SeededRandom(seed);
    if (seed % recordedEvery === 0) {
      this.record = new RegisterRecord((checker, message) => this.checks.fail(checker, message));
    }
    this.weather = { ...weatherOf(this.random), ...weather };
    this.network = new Network(this.timeline, this.random, this.weather);
    this.regions = regionIndexes.map((index) => {
      return new RegisterRegion(this, index, (behind) => this.membership.lookAround(behind));
    });
    this.membership = new RegisterMembership(this);
    this.membership.form();
    const { coordinatorsPerRegion, faultEveryMs, isRolling, isWiping } = this.weather;
    const all = regionIndexes.flatMap((region) =>
      Array.from({ length: coordinatorsPerRegion }, (_, index) => {
        return new Coordinator(this, region, 1 + region * 2 + index);
      }),
    );
    this.coordinators = all;
    if (isRolling) this.#roll(Math.floor(this.random.next() * 3), 1);
    else if (faultEveryMs > 0) this.#nextFault();
    if (isWiping) this.#nextWipe();
  }

  /** Those of a region, the first one by chance. */
  coordinatorsOf(region: number): Coordinator[] {
    const own = this.coordinators.filter((each) => each.region === region);
    return this.random.next() < 0.5 ? own : own.reverse();
  }

  /** From now on nothing is lost, cut or crashed. */
  calm(): void {
    this.#isCalm = true;
    this.network.calm();
  }

  nextLease(): LeaseId {
    return BigInt(++this.#leases) as LeaseId;
  }

  nextSending(): number {
    return ++this.#sendings;
  }

  /** A client begins to believe: nobody else may whom it excludes. */
  onBelief(client: Believer): void {
    for (const other of this.clients) {
      if (other === client || !other.believes) continue;
      if (client.mode === "shared" && other.mode === "shared") continue;
      this.checks.fail("I10", `${client.name} and ${other.name} both believe`);
    }
  }

  /** Somebody touches what the lock protects, whether it still may or not. */
  touch(token: bigint, mode: Mode): void {
    this.checks.onTouch(token, mode, this.#guard.admit(token, mode));
  }

  /** Takes one link of a region after the other away, for longer than a lease lives. */
  #roll(region: number, step: number): void {
    this.timeline.after(300 + this.random.next() * 500, () => {
      if (this.#isCalm) return;
      this.faults++;
      const lengthMs = this.weather.ttlMaxMs * (0.9 + this.random.next() * 0.5);
      this.network.cut(region, (region + step) % 3, lengthMs);
      this.timeline.after(lengthMs, () => this.#roll(region, 3 - step));
    });
  }

  #nextFault(): void {
    this.timeline.after(this.random.next() * 2 * this.weather.faultEveryMs, () => {
      if (this.#isCalm) return;
      this.faults++;
      this.#fault();
      this.#nextFault();
    });
  }

  #fault(): void {
    const kind = this.random.next();
    const region = Math.floor(this.random.next() * 3);
    const other = (region + 1 + Math.floor(this.random.next() * 2)) % 3;
    const lengthMs = this.random.next() * 2_500;
    const [coordinator] = this.coordinatorsOf(region);
    if (kind < 0.3) coordinator?.crash((lengthMs / 2_500) ** 4 * 600);
    else if (kind < 0.4) coordinator?.pause(lengthMs / 2);
    else if (kind < 0.5) this.#jump(coordinator);
    else if (kind < 0.78) this.network.cut(region, other, lengthMs);
    else {
      for (const to of regionIndexes) {
        if (to === region) continue;
        this.network.cut(region, to, lengthMs);
        this.network.cut(to, region, lengthMs);
      }
    }
  }

  #jump(coordinator: Coordinator | undefined): void {
    const byMs = this.random.next() < 0.5 ? hourMs : -hourMs;
    coordinator?.jump(byMs);
    this.clients[Math.floor(this.random.next() * this.clients.length)]?.jump(byMs);
  }

  /** One region at a time, for two would be the end of what only they knew; the same one again. */
  #nextWipe(): void {
    const pauseMs = this.weather.isSoonFilled ? 300 : 900;
    this.timeline.after(200 + this.random.next() * pauseMs, () => {
      if (this.#isCalm) return;
      const silent = this.regions.find((each) => !this.membership.isWhole(each.index));
      const chosen = silent ?? this.regions[Math.floor(this.random.next() * 3)];
      if (chosen !== undefined && (silent === undefined || this.random.next() < 0.7)) {
        this.wipes++;
        chosen.wipe();
        if (silent === undefined) this.membership.operate(chosen.index);
      }
      this.#nextWipe();
    });
  }
}
