import type { Clock } from "@holdfast/base/clock";
import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import { type Random, SeededRandom } from "@holdfast/base/random";
import { BallotSource } from "@holdfast/core/quorum/ballot";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import { type ProposerAnswer, RegisterProposer } from "@holdfast/engine/register-proposer";
import { AcceptorTwin } from "./acceptor-twin.ts";
import { RegisterChecks } from "./register-checks.ts";
import { Timeline } from "./timeline.ts";

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
  readonly copies: number;
  /** Messages that take up to this much longer, in milliseconds. */
  readonly jitterMs: number;
  /** The higher, the fewer are that late. */
  readonly lateness: number;
  /** Crashes, cuts, slow leases: one every so many milliseconds; 0 is none. */
  readonly faultEveryMs: number;
  /** How far apart the regions are; 1 is as far as in the world. */
  readonly distance: number;
  /** Sessions live for 700 ms to this. */
  readonly ttlMaxMs: number;
  readonly holdMaxMs: number;
  readonly driftMax: number;
}

/** Somebody who may believe to have the lock. */
export interface Believer {
  readonly name: string;
  readonly grantId: GrantId | undefined;
  readonly mode: "exclusive" | "shared" | undefined;
  /** It would let a resource be touched now. */
  readonly believes: boolean;
  /** Times it began to believe. */
  readonly beliefs: number;
  /** It beats no more and asks for nothing; what it believes it goes on believing. */
  die(): void;
}

/** Three regions with an acceptor and a coordinator each, and the network between them. */
export class RegisterWorld {
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly weather: Weather;
  readonly checks = new RegisterChecks(
    () => this.timeline.nowMs,
    (grantId) => this.clients.some((client) => client.grantId === grantId && client.believes),
  );
  readonly acceptors = regions.map(() => new AcceptorTwin());
  readonly coordinators: Coordinator[];
  /** How much of the weather each directed link has. */
  readonly #links: readonly number[];
  /** No message passes from the one to the other until then. */
  readonly #cutUntilMs = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  readonly #leaseEnds = new Map<
    LeaseId,
    { endsAtMs: number; session: SessionId; region: number }
  >();
  readonly #told = new Set<LeaseId>();
  readonly clients: Believer[] = [];
  #leases = 0;
  #isCalm = false;
  /** Crashes and cuts so far. */
  faults = 0;
  /** Messages lost or doubled so far. */
  mishaps = 0;

  constructor(seed: number, weather?: Partial<Weather>) {
    this.random = new SeededRandom(seed);
    const roll = () => this.random.next();
    const kind = roll();
    const isSlow = kind < 0.25;
    const isRolling = kind > 0.8;
    this.weather = {
      loss: isSlow || roll() < 0.4 ? 0 : roll() * 0.25,
      copies: roll() < 0.5 ? 0 : roll() * 0.2,
      jitterMs: isSlow ? 400 + roll() * 600 : roll() < 0.3 ? 2 : roll() * 300,
      lateness: isSlow ? 1.5 : 4,
      faultEveryMs: isSlow ? 300 + roll() * 600 : roll() < 0.3 ? 0 : 200 + roll() * 2_000,
      distance: isRolling || roll() < 0.5 ? 0.1 : 1,
      ttlMaxMs: isRolling || isSlow ? 1_000 : 2_400,
      holdMaxMs: isRolling ? 8_000 : 3_500,
      driftMax: 0.004,
      ...weather,
    };
    this.#links = this.#cutUntilMs.map(() => (isSlow && roll() < 0.6 ? 0.01 : 1));
    this.coordinators = regions.map((region) => new Coordinator(this, region));
    if (isRolling) this.#roll(Math.floor(roll() * 3), 1);
    else if (this.weather.faultEveryMs > 0) this.#nextFault();
  }

  /** From now on nothing is lost, cut or crashed. */
  calm(): void {
    this.#isCalm = true;
    this.#cutUntilMs.fill(0);
  }

  /** Carries something from one region to another, perhaps late, twice or not at all. */
  send(from: number, to: number, deliver: () => void, mayCopy = true): void {
    const { loss, copies, jitterMs } = this.weather;
    const isLost = !this.#isCalm && from !== to && this.random.next() < loss;
    if (isLost) this.mishaps++;
    else this.#carry(from, to, this.#isCalm ? 1 : jitterMs, deliver);
    if (!mayCopy || this.#isCalm || this.random.next() >= copies) return;
    this.mishaps++;
    this.#carry(from, to, jitterMs * 4, deliver);
  }

  #carry(from: number, to: number, jitterMs: number, deliver: () => void): void {
    const base = ((roundTripMs[from]?.[to] ?? 1) * this.weather.distance) / 2;
    // Most are on time and a few are very late.
    const share = this.#links[from * 3 + to] ?? 1;
    const late = this.random.next() ** this.weather.lateness * jitterMs * share;
    this.timeline.after(base + late, () => {
      if ((this.#cutUntilMs[from * 3 + to] ?? 0) > this.timeline.nowMs) return;
      deliver();
    });
  }

  /** A lease of the session in the region; etcd's own may end late, never early. */
  grantLease(region: number, session: SessionId, ttlMs: number): LeaseId {
    const acceptor = this.acceptors[region] as AcceptorTwin;
    const known = acceptor.leases.get(session);
    if (known !== undefined) return known;
    const lease = BigInt(++this.#leases) as LeaseId;
    acceptor.leases.set(session, lease);
    this.#leaseEnds.set(lease, { endsAtMs: this.timeline.nowMs + ttlMs, session, region });
    this.#watchLease(lease);
    return lease;
  }

  /** What a region keeps is looked at before and after everything that is asked of it. */
  lookAt(region: number): void {
    const { promised, accepted } = this.acceptors[region] as AcceptorTwin;
    this.checks.onKept(region, promised, accepted?.ballot);
  }

  /** Nobody was told of it yet. */
  isNew(lease: LeaseId): boolean {
    const isNew = !this.#told.has(lease);
    this.#told.add(lease);
    return isNew;
  }

  /** A client begins to believe: nobody else may whom it excludes. */
  onBelief(client: Believer): void {
    for (const other of this.clients) {
      if (other === client || !other.believes) continue;
      if (client.mode === "shared" && other.mode === "shared") continue;
      this.checks.fail("I10", `${client.name} and ${other.name} both believe`);
    }
  }

  /** True where the lease lives: it then lives for another ttl. */
  keepAlive(lease: LeaseId, ttlMs: number): boolean {
    const state = this.#leaseEnds.get(lease);
    if (state === undefined) return false;
    state.endsAtMs = Math.max(state.endsAtMs, this.timeline.nowMs + ttlMs);
    return true;
  }

  #watchLease(lease: LeaseId): void {
    const state = this.#leaseEnds.get(lease);
    if (state === undefined) return;
    const lateMs = this.random.next() < 0.8 ? 0 : this.random.next() * 500;
    this.timeline.after(state.endsAtMs + lateMs - this.timeline.nowMs, () => {
      if (state.endsAtMs > this.timeline.nowMs) return this.#watchLease(lease);
      this.#leaseEnds.delete(lease);
      this.acceptors[state.region]?.endLease(state.session, lease);
      return undefined;
    });
  }

  /** Takes one link of a region after the other away, for longer than a lease lives. */
  #roll(region: number, step: number): void {
    this.timeline.after(300 + this.random.next() * 500, () => {
      if (this.#isCalm) return;
      this.faults++;
      const lengthMs = this.weather.ttlMaxMs * (0.9 + this.random.next() * 0.5);
      this.#cutUntilMs[region * 3 + ((region + step) % 3)] = this.timeline.nowMs + lengthMs;
      this.timeline.after(lengthMs, () => this.#roll(region, 3 - step));
    });
  }

  #nextFault(): void {
    this.timeline.after(this.random.next() * 2 * this.weather.faultEveryMs, () => {
      if (this.#isCalm) return;
      this.faults++;
      const kind = this.random.next();
      const region = Math.floor(this.random.next() * 3);
      const other = (region + 1 + Math.floor(this.random.next() * 2)) % 3;
      const untilMs = this.timeline.nowMs + this.random.next() * 2_500;
      if (kind < 0.35) this.coordinators[region]?.crash(this.random.next() ** 4 * 600);
      else if (kind < 0.75) this.#cutUntilMs[region * 3 + other] = untilMs;
      else for (const to of regions) this.#cut(region, to, untilMs);
      this.#nextFault();
    });
  }

  #cut(region: number, to: number, untilMs: number): void {
    if (region === to) return;
    this.#cutUntilMs[region * 3 + to] = untilMs;
    this.#cutUntilMs[to * 3 + region] = untilMs;
  }
}

/** A process's own clock: it runs a little fast or slow, and may stand still while it is paused. */
export class DriftingClock implements Clock {
  readonly #timeline: Timeline;
  readonly #rate: number;

  constructor(timeline: Timeline, rate: number) {
    this.#timeline = timeline;
    this.#rate = rate;
  }

  monotonicMs(): number {
    return this.#timeline.nowMs * this.#rate;
  }

  wallMs(): number {
    return this.monotonicMs();
  }

  schedule(delayMs: number, callback: () => void) {
    const event = this.#timeline.after(delayMs / this.#rate, callback);
    return {
      cancel: () => {
        event.run = undefined;
      },
    };
  }
}

/** The coordinator of one region; a crash takes everything it knew. */
export class Coordinator {
  readonly region: number;
  readonly #world: RegisterWorld;
  readonly #clock: Clock;
  #incarnation = 0;
  #proposer: RegisterProposer | undefined;

  constructor(world: RegisterWorld, region: number) {
    this.#world = world;
    this.region = region;
    const drift = (world.random.next() * 2 - 1) * world.weather.driftMax;
    this.#clock = new DriftingClock(world.timeline, 1 + drift);
    this.#start();
  }

  get isUp(): boolean {
    return this.#proposer !== undefined;
  }

  crash(downMs: number): void {
    if (!this.isUp) return;
    this.#proposer = undefined;
    this.#world.timeline.after(downMs, () => this.#start());
  }

  submit(
    command: RegisterCommand,
    isRepeat: boolean,
    isOver: () => boolean,
    answer: (answer: ProposerAnswer) => void,
  ): void {
    this.#proposer?.submit({ command, isRepeat, isOver, answer });
  }

  #start(): void {
    const world = this.#world;
    const { region } = this;
    const incarnation = ++this.#incarnation;
    /** Messages to a process that died are lost. */
    const alive = (then: () => void) => () => {
      if (this.#incarnation === incarnation && this.#proposer !== undefined) then();
    };
    this.#proposer = new RegisterProposer({
      acceptors: {
        prepare: (to, request, answer) =>
          world.send(region, to, () => {
            const acceptor = world.acceptors[to] as AcceptorTwin;
            world.lookAt(to);
            const reply = acceptor.prepare(request);
            world.lookAt(to);
            world.send(
              to,
              region,
              alive(() => answer(reply)),
            );
          }),
        accept: (to, request, answer) =>
          world.send(region, to, () => {
            const acceptor = world.acceptors[to] as AcceptorTwin;
            world.lookAt(to);
            const { promised, accepted } = acceptor;
            const reply = acceptor.accept(request);
            world.lookAt(to);
            const { ballot, value } = request;
            if (acceptor.accepted?.ballot === ballot && accepted?.ballot !== ballot) {
              world.checks.onAccepted(to, ballot, value, promised);
            }
            world.send(
              to,
              region,
              alive(() => answer(reply)),
            );
          }),
      },
      ballots: new BallotSource(region + 1, incarnation),
      clock: this.#clock,
      random: world.random,
      generation: () => 1,
      onGeneration: () => {},
      roundTripMs: () => 80 * world.weather.distance,
    });
  }
}
