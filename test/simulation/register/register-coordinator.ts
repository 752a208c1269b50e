import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import { BallotSource } from "@holdfast/core/quorum/ballot";
import type { Showing } from "@holdfast/core/quorum/message";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import { type Survey, survey } from "@holdfast/core/quorum/survey";
import { type ProposerAnswer, RegisterProposer } from "@holdfast/engine/register-proposer";
import { DriftingClock } from "./drifting-clock.ts";
import type { RegisterRegion } from "./register-region.ts";
import type { RegisterSurroundings } from "./register-surroundings.ts";

const rho = 0.01;
const deltaMs = 50;

/** One copy of a client's request. */
export interface Sending {
  /** The same for every copy that the network makes of it. */
  readonly id: number;
  readonly command: RegisterCommand;
  readonly isRepeat: boolean;
  readonly isOver: () => boolean;
  readonly answer: (answer: CoordinatorAnswer) => void;
}

/** What a coordinator says, and how long each lease it knows may be believed in from now on. */
export interface CoordinatorAnswer {
  readonly told: ProposerAnswer;
  /** Of the asking session's leases, by region. */
  readonly validity: ReadonlyMap<number, Validity>;
}

interface Validity {
  readonly lease: LeaseId;
  readonly validForMs: number;
}

/** What a coordinator meets. */
interface Reached extends RegisterSurroundings {
  readonly regions: readonly RegisterRegion[];
}

/** A coordinator of one region; a crash takes everything it knew. */
export class Coordinator {
  readonly region: number;
  incarnation = 0;
  readonly #world: Reached;
  readonly #proposerId: number;
  readonly #clock: DriftingClock;
  #proposer: RegisterProposer | undefined;
  #generation = 1;
  /** Requests that stand in the register, and what they were told last. */
  readonly #waiting = new Map<GrantId, Sending>();
  readonly #seen = new Set<number>();
  readonly #leases = new Map<string, { readonly lease: LeaseId; readonly deadlineMs: number }>();
  #isPolling = false;
  /** Of the newest value it was told. */
  #newestVersion = 0;

  constructor(world: Reached, region: number, proposerId: number) {
    this.#world = world;
    this.region = region;
    this.#proposerId = proposerId;
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
    this.#waiting.clear();
    this.#seen.clear();
    this.#leases.clear();
    this.#isPolling = false;
    this.#newestVersion = 0;
    this.#world.timeline.after(downMs, () => this.#start());
  }

  /** It stands still; what reaches it meanwhile is looked at afterwards. */
  pause(lengthMs: number): void {
    this.#clock.pause(lengthMs);
  }

  jump(byMs: number): void {
    this.#clock.jump(byMs);
  }

  submit(sending: Sending): void {
    this.#clock.run(() => {
      // A copy that the network made comes on the same connection, under the same number.
      if (!this.isUp || this.#seen.has(sending.id)) return;
      this.#seen.add(sending.id);
      this.#submit(sending);
    });
  }

  /** Makes a session known in a region, and remembers for how long its lease is good. */
  meet(
    to: number,
    session: SessionId,
    ttlMs: number,
    answer: (lease: LeaseId, isNew: boolean) => void,
  ): void {
    const { network, regions } = this.#world;
    const { incarnation } = this;
    const sentMs = this.#clock.monotonicMs();
    network.send(this.region, to, () => {
      const met = regions[to]?.grantLease(session, ttlMs);
      if (met === undefined) return;
      network.send(to, this.region, () => {
        answer(met.lease, met.isNew);
        if (!this.isUp || this.incarnation !== incarnation || !met.isNew) return;
        const deadlineMs = sentMs + ttlMs * (1 - rho) - deltaMs;
        this.#leases.set(`${to} ${session}`, { lease: met.lease, deadlineMs });
      });
    });
  }

  #submit(sending: Sending): void {
    const { command, isRepeat, isOver } = sending;
    const { incarnation } = this;
    const answer = (told: ProposerAnswer) => {
      // The timers of a proposer whose process died run on here; what they come to is lost.
      if (this.incarnation === incarnation && this.isUp) this.#onAnswer(sending, told);
    };
    this.#proposer?.submit({ command, isRepeat, isOver, answer });
  }

  #onAnswer(sending: Sending, told: ProposerAnswer): void {
    const { command } = sending;
    if (told.kind === "decided") this.#isNews(told.value.version);
    const isWaiting = told.kind === "decided" && told.outcome.kind === "waiting";
    if (isWaiting && command.kind === "acquire") {
      this.#waiting.set(command.request.grantId, sending);
      this.#poll();
    }
    const session = command.kind === "acquire" ? command.request.session : undefined;
    sending.answer({ told, validity: this.#validityOf(session) });
  }

  #validityOf(session: SessionId | undefined): Map<number, Validity> {
    const validity = new Map<number, Validity>();
    if (session === undefined) return validity;
    const nowMs = this.#clock.monotonicMs();
    for (let region = 0; region < 3; region++) {
      const known = this.#leases.get(`${region} ${session}`);
      if (known === undefined) continue;
      validity.set(region, { lease: known.lease, validForMs: known.deadlineMs - nowMs });
    }
    return validity;
  }

  /** Nobody wakes those who wait: their coordinator looks, every ttl/4 to ttl/2 [H7]. */
  #poll(): void {
    if (this.#isPolling) return;
    this.#isPolling = true;
    const { random, weather } = this.#world;
    const { incarnation } = this;
    const pauseMs = (weather.ttlMaxMs / 4) * (1 + random.next());
    this.#clock.schedule(pauseMs, () => {
      if (this.incarnation !== incarnation || !this.isUp) return;
      for (const [grantId, { isOver }] of this.#waiting) {
        if (isOver()) this.#waiting.delete(grantId);
      }
      this.#isPolling = false;
      if (this.#waiting.size === 0) return;
      this.#look();
      this.#poll();
    });
  }

  #look(): void {
    const { regions, network } = this.#world;
    const { incarnation } = this;
    const shows = new Map<number, Showing>();
    let isOver = false;
    const conclude = (isLast: boolean) => {
      if (isOver || this.incarnation !== incarnation || !this.isUp) return;
      const seen = survey(shows);
      // One region alone calls a holder gone: what the third says decides [H8].
      if (!isLast && (seen === undefined || seen.isInDoubt)) return;
      isOver = true;
      this.#onSeen(seen);
    };
    for (const region of regions) {
      network.send(this.region, region.index, () => {
        const shown = region.read(this.#generation);
        if (shown === undefined) return;
        network.send(region.index, this.region, () => {
          this.#clock.run(() => {
            if (shown.kind === "other-generation") this.#onGeneration(shown.generation);
            else shows.set(region.index, shown);
            if (shows.size >= 2) conclude(shows.size === regions.length);
          });
        });
      });
    }
    this.#clock.schedule(4 * this.#roundTripMs(), () => conclude(true));
  }

  #onSeen(seen: Survey | undefined): void {
    if (seen === undefined || this.#hasWork(seen)) {
      const sending = { id: 0, command: { kind: "tend" as const }, isRepeat: false };
      this.#submit({ ...sending, isOver: () => false, answer: () => {} });
    }
    // What a late answer shows may be from before somebody came to wait.
    if (seen === undefined || !this.#isNews(seen.value.version)) return;
    const { value, confirmed } = seen;
    for (const [grantId, sending] of this.#waiting) {
      if (value.waiters.some((waiter) => waiter.grantId === grantId)) continue;
      this.#waiting.delete(grantId);
      const holder = value.holders.find((each) => each.grantId === grantId);
      if (holder === undefined) {
        // It stood there once: whatever became of it, the register knows.
        this.#submit({ ...sending, isRepeat: true });
        continue;
      }
      const outcome = { kind: "granted" as const, holder };
      this.#onAnswer(sending, { kind: "decided", outcome, value, confirmed });
    }
  }

  /** In doubt, and nobody else to ask: a prepare would hear no more, and disturb those who hold. */
  #hasWork({ value, liveness }: Survey): boolean {
    if ([...liveness.values()].includes("gone")) return true;
    return value.holders.length === 0 && value.waiters.length > 0;
  }

  /** False where something newer is known. */
  #isNews(version: number): boolean {
    if (version < this.#newestVersion) return false;
    this.#newestVersion = version;
    return true;
  }

  #onGeneration(generation: number): void {
    this.#generation = Math.max(this.#generation, generation);
  }

  /** As it measures: what is slow is waited for. */
  #roundTripMs(): number {
    const { network, weather } = this.#world;
    const lateMs = weather.isChurning ? 10 : 0.1 * weather.jitterMs;
    return 80 * weather.distance + lateMs + network.slownessMs(this.region);
  }

  #start(): void {
    const { network, regions, random } = this.#world;
    const { region } = this;
    const incarnation = ++this.incarnation;
    const clock = this.#clock;
    this.#generation = Math.max(1, regions[region]?.acceptor.generation ?? 0);
    /** What reaches a process that died is lost. */
    const alive = (then: () => void) => () => {
      clock.run(() => {
        if (this.incarnation === incarnation && this.isUp) then();
      });
    };
    const ask = <R>(to: number, vote: () => R, answer: (reply: R) => void) => {
      network.send(region, to, () => {
        const reply = vote();
        if (reply === undefined) return;
        network.send(
          to,
          region,
          alive(() => answer(reply)),
        );
      });
    };
    this.#proposer = new RegisterProposer({
      acceptors: {
        prepare: (to, request, answer) => ask(to, () => regions[to]?.prepare(request), answer),
        accept: (to, request, answer) => ask(to, () => regions[to]?.accept(request), answer),
      },
      ballots: new BallotSource(this.#proposerId, incarnation),
      clock,
      random,
      generation: () => this.#generation,
      onGeneration: (generation) => this.#onGeneration(generation),
      roundTripMs: () => this.#roundTripMs(),
    });
  }
}
