import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import type { Marker } from "@holdfast/core/lease/marker";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import type { GlobalRequest } from "@holdfast/core/quorum/register-value";
import type { LocalAnswer } from "@holdfast/engine/delegated-asking";
import type { ProposerAnswer } from "@holdfast/engine/register-proposer";
import { DriftingClock } from "../register/drifting-clock.ts";
import type { DelegationCoordinator } from "./delegation-coordinator.ts";
import { type Believer, type DelegationWorld, markerOf, regionNames } from "./delegation-world.ts";

const rho = 0.01;
const deltaMs = 30;
/** A call that takes longer is sent again. */
const patienceMs = 500;

/**
 * By which way a client asks: by its region's delegation, past it, or by both in turn, as one whose
 * coordinator changes its mind.
 */
export type Way = "local" | "direct" | "mixed";

/** What one region's lease of a session is good for. */
interface RegionLease {
  readonly lease: LeaseId;
  /** On the client's clock. */
  deadlineMs: number;
}

interface Request {
  readonly request: GlobalRequest;
  readonly wait: boolean;
  sends: number;
  /** A copy went to the register. */
  wasDirect: boolean;
  isSettled: boolean;
}

interface Grant {
  readonly token: bigint;
  /** By the region's shard, not by the register. */
  readonly isLocal: boolean;
}

interface Tenure extends Grant {
  readonly request: Request;
  /** Until when it may be believed in, on the client's clock. */
  readonly untilMs: () => number;
  isLost: boolean;
}

/** Who says until when the delegation lasts, and what it said, on the client's clock. */
interface Vouch {
  readonly coordinator: DelegationCoordinator;
  untilMs: number;
}

/** A client that takes the lock, works under it and gives it back, again and again. */
export class DelegationClient implements Believer {
  readonly name: string;
  readonly #world: DelegationWorld;
  /** Those of its region. */
  readonly #coordinators: readonly DelegationCoordinator[];
  readonly #clock: DriftingClock;
  readonly #region: number;
  readonly way: Way;
  readonly #session: SessionId;
  readonly #leases = new Map<number, RegionLease>();
  readonly #onGranted: () => void;
  /** It asks until it has it. */
  readonly #insists: boolean;
  #tenure: Tenure | undefined;
  #requests = 0;
  #isDead = false;
  /** Times the lock was believed in. */
  beliefs = 0;

  constructor(
    world: DelegationWorld,
    coordinators: readonly DelegationCoordinator[],
    name: string,
    region: number,
    way: Way,
    onGranted?: () => void,
  ) {
    this.#world = world;
    this.#coordinators = coordinators.filter((each) => each.region === region);
    this.name = name;
    this.#region = region;
    this.way = way;
    this.#insists = onGranted !== undefined;
    this.#session = name as SessionId;
    this.#onGranted = onGranted ?? (() => {});
    const drift = (world.random.next() * 2 - 1) * world.weather.driftMax;
    this.#clock = new DriftingClock(world.timeline, 1 + drift);
    this.#beat();
  }

  /** It beats no more and asks for nothing; what it believes it goes on believing. */
  die(): void {
    this.#isDead = true;
  }

  get believes(): boolean {
    const tenure = this.#tenure;
    if (tenure === undefined || tenure.isLost) return false;
    if (tenure.untilMs() > this.#clock.monotonicMs()) return true;
    tenure.isLost = true;
    return false;
  }

  start(afterMs: number): void {
    this.#world.timeline.after(afterMs, () => this.#acquire());
  }

  #acquire(): void {
    const { random, weather } = this.#world;
    if (this.#isDead) return;
    const request: Request = {
      request: {
        grantId: `${this.name}#${++this.#requests}` as GrantId,
        session: this.#session,
        region: regionNames[this.#region] ?? "",
        ttlMs: weather.ttlMs,
        mode: "exclusive",
        owner: this.name,
        metadata: {},
        atMs: 0,
      },
      wait: this.#insists || random.next() < 0.8,
      sends: 0,
      wasDirect: false,
      isSettled: false,
    };
    const untilMs = this.#world.timeline.nowMs + 400 + random.next() * 2_500;
    this.#ask(request, untilMs);
  }

  #ask(request: Request, untilMs: number): void {
    const { timeline, random } = this.#world;
    if (this.#isDead || request.isSettled) return;
    if (timeline.nowMs >= untilMs && !this.#insists) {
      this.#giveUp(request);
      return;
    }
    request.sends++;
    let isAnswered = false;
    const again = (pauseMs = 20) => {
      if (isAnswered) return;
      isAnswered = true;
      timeline.after(pauseMs * (1 + 2 * random.next()), () => this.#ask(request, untilMs));
    };
    timeline.after(patienceMs, again);
    const isDirect = this.way === "direct" || (this.way === "mixed" && random.next() < 0.5);
    if (isDirect) this.#askRegister(request, again);
    else this.#askShard(request, untilMs, again);
  }

  #askShard(request: Request, untilMs: number, again: (pauseMs?: number) => void): void {
    const marker = this.#marker();
    const coordinator = this.#coordinator();
    if (marker === undefined || coordinator === undefined) {
      again();
      return;
    }
    const sentMs = this.#clock.monotonicMs();
    const { timeline } = this.#world;
    const goneMs = this.#insists ? Number.POSITIVE_INFINITY : untilMs + patienceMs;
    this.#call<LocalAnswer>(
      coordinator,
      (answer) => {
        // An earlier copy may have the lock by what another coordinator was given.
        if (request.sends > 1) coordinator.learn();
        if (coordinator.isRetiring) return answer({ kind: "unknown" });
        coordinator.lock?.acquire({
          request: request.request,
          marker,
          wait: request.wait,
          isOver: () => timeline.nowMs > goneMs || coordinator.isRetiring,
          answer,
        });
      },
      (answer) => {
        if (request.isSettled || this.#isDead) return;
        if (answer.kind === "granted") {
          const vouch = { coordinator, untilMs: sentMs + answer.validForMs };
          this.#onLocalGrant(request, answer.token, marker, vouch);
        } else if (answer.kind === "given-up" || answer.kind === "lease-ended") {
          this.#giveUp(request);
        } else if (answer.kind === "unknown") {
          again();
        } else {
          this.#onRefused(request);
        }
      },
    );
  }

  /** Counted from when it asked, a long wait leaves nothing of it: then it asks once more first. */
  #onLocalGrant(request: Request, token: bigint, marker: Marker, vouch: Vouch): void {
    request.isSettled = true;
    const untilMs = () => Math.min(vouch.untilMs, this.#ownDeadlineMs(marker.lease));
    const believe = () => {
      this.#believe({ request, token, isLocal: true, untilMs, isLost: false });
      if (this.#tenure !== undefined) this.#vouchLater(request, token, vouch);
    };
    if (untilMs() > this.#clock.monotonicMs()) {
      believe();
      return;
    }
    let isAnswered = false;
    const once = (then: () => void) => () => {
      if (!isAnswered && !this.#isDead) then();
      isAnswered = true;
    };
    this.#world.timeline.after(
      patienceMs,
      once(() => this.#giveUp(request)),
    );
    this.#vouch(request, token, vouch, once(believe));
  }

  #askRegister(request: Request, again: (pauseMs?: number) => void): void {
    const isRepeat = request.sends > 1;
    request.wasDirect = true;
    const { wait } = request;
    const command = {
      kind: "acquire" as const,
      request: request.request,
      wait,
      mayBeGranted: isRepeat,
    };
    this.#toRegister(this.#coordinator(), command, isRepeat, (answer) => {
      if (request.isSettled || this.#isDead) return;
      if (answer.kind !== "decided") {
        if (answer.kind === "unknown") again();
        else this.#onRefused(request);
        return;
      }
      const { outcome, confirmed } = answer;
      if (outcome.kind === "granted") {
        const { grantId, token } = outcome.holder;
        const untilMs = () => this.#confirmedMs(confirmed(grantId));
        this.#believe({ request, token, isLocal: false, untilMs, isLost: false });
      } else if (outcome.kind === "held" || outcome.kind === "full") {
        this.#onRefused(request);
      } else if (outcome.kind === "ended") {
        this.#giveUp(request);
      } else {
        // Each look of it is a proposal, and takes the promises of everybody else away.
        again(this.#world.weather.lookMs * 2);
      }
    });
  }

  /** Final only where nothing else of the request is under way. */
  #onRefused(request: Request): void {
    if (request.sends > 1 || this.#insists) {
      this.#giveUp(request);
      return;
    }
    request.isSettled = true;
    this.#world.checks.onEnded(request.request.grantId);
    this.#rest();
  }

  #believe(tenure: Tenure): void {
    const { request, token } = tenure;
    const { random, timeline, weather } = this.#world;
    request.isSettled = true;
    this.#tenure = tenure;
    if (!this.believes) {
      this.#tenure = undefined;
      this.#giveUp(request);
      return;
    }
    this.beliefs++;
    this.#world.onBelief(this, request.request.grantId, token);
    this.#onGranted();
    // Some hold on and say no more: their lock must pass on by itself.
    if (random.next() < 0.08) {
      this.die();
      return;
    }
    const holdMs = random.next() * (random.next() < 0.6 ? 40 : weather.holdMaxMs);
    timeline.after(holdMs, () => {
      this.#tenure = undefined;
      this.#end(request, tenure);
    });
  }

  /** What the delegation vouches for is asked for again and again, as heartbeats are. */
  #vouchLater(request: Request, token: bigint, vouch: Vouch): void {
    this.#clock.schedule(this.#world.weather.ttlMs / 3, () => {
      if (this.#isDead || this.#tenure?.token !== token || !this.believes) return;
      this.#vouch(request, token, vouch, () => {});
      this.#vouchLater(request, token, vouch);
    });
  }

  #vouch(request: Request, token: bigint, vouch: Vouch, then: () => void): void {
    const sentMs = this.#clock.monotonicMs();
    const { grantId } = request.request;
    this.#call<number>(
      vouch.coordinator,
      (answer) => {
        const { lock } = vouch.coordinator;
        if (lock === undefined) return;
        const validForMs = lock.validForMs(grantId, token);
        if (validForMs <= 0) vouch.coordinator.learn();
        answer(validForMs);
      },
      (validForMs) => {
        // What has lapsed once stays lapsed.
        void this.believes;
        if (validForMs > 0) vouch.untilMs = Math.max(vouch.untilMs, sentMs + validForMs);
        then();
      },
    );
  }

  #giveUp(request: Request): void {
    request.isSettled = true;
    this.#end(request);
  }

  /**
   * Gives a grant back, or a request up: in the shard whatever became of it [H9], and in the
   * register if it ever went there. Final once both are. `grant`: which of the two gave it what.
   * The other may have given it another token meanwhile, and takes back whatever it has.
   */
  #end(request: Request, grant?: Grant): void {
    if (this.#isDead) return;
    const { grantId } = request.request;
    const { checks, timeline } = this.#world;
    let missing = request.wasDirect ? 2 : 1;
    let isOver = false;
    const settle = (isFinal: boolean) => {
      if (isOver) return;
      if (isFinal && --missing > 0) return;
      isOver = true;
      if (!isFinal) return this.#end(request, grant);
      checks.onEnded(grantId);
      return this.#rest();
    };
    timeline.after(patienceMs, () => settle(false));
    this.#endInShard(request, grant?.isLocal ? grant.token : undefined, settle);
    if (!request.wasDirect) return;
    const command: RegisterCommand =
      grant === undefined || grant.isLocal
        ? { kind: "cancel", grantId }
        : { kind: "release", grantId, token: grant.token };
    this.#toRegister(this.#coordinator(), command, true, (answer) => {
      settle(answer.kind === "decided");
    });
  }

  #endInShard(
    request: Request,
    token: bigint | undefined,
    settle: (isFinal: boolean) => void,
  ): void {
    const coordinator = this.#coordinator();
    const marker = this.#marker();
    const { grantId } = request.request;
    const asking = { grantId, ...(marker === undefined ? {} : { marker }) };
    this.#call<{ readonly kind: string }>(
      coordinator,
      (answer) => {
        if (token === undefined) coordinator?.lock?.cancel({ ...asking, answer });
        else coordinator?.lock?.release({ ...asking, token, answer });
      },
      ({ kind }) => settle(kind !== "unknown"),
    );
  }

  #rest(): void {
    const { random, timeline, isCalm } = this.#world;
    const restMs = isCalm ? 150 + random.next() * 300 : random.next() ** 2 * 250;
    timeline.after(restMs, () => this.#acquire());
  }

  #toRegister(
    coordinator: DelegationCoordinator | undefined,
    command: RegisterCommand,
    isRepeat: boolean,
    then: (answer: ProposerAnswer) => void,
  ): void {
    const { timeline } = this.#world;
    const untilMs = timeline.nowMs + patienceMs;
    const ask = (answer: (given: ProposerAnswer) => void) => {
      const isOver = () => timeline.nowMs > untilMs;
      coordinator?.submit({ command, isRepeat, isOver, answer });
    };
    this.#call(coordinator, ask, then);
  }

  /** To a coordinator of the own region and back. */
  #call<A>(
    coordinator: DelegationCoordinator | undefined,
    ask: (answer: (given: A) => void) => void,
    then: (answer: A) => void,
  ): void {
    const world = this.#world;
    const region = this.#region;
    const answer = (given: A) => world.send(region, region, () => then(given));
    world.send(region, region, () => coordinator?.receive(() => ask(answer)));
  }

  /** Mostly the one that all of the region ask. */
  #coordinator(): DelegationCoordinator | undefined {
    const { random, isCalm } = this.#world;
    const own = this.#coordinators;
    const isHome = isCalm || random.next() < 0.85;
    return isHome ? own[0] : own[Math.floor(random.next() * own.length)];
  }

  #marker(): Marker | undefined {
    const own = this.#leases.get(this.#region);
    return own === undefined ? undefined : markerOf(this.#session, own.lease);
  }

  #ownDeadlineMs(lease: LeaseId): number {
    const own = this.#leases.get(this.#region);
    return own?.lease === lease ? own.deadlineMs : 0;
  }

  /** The second-latest deadline among the regions that count. */
  #confirmedMs(confirmed: ReadonlyMap<number, LeaseId>): number {
    const deadlines: number[] = [];
    for (const [region, lease] of confirmed) {
      const state = this.#leases.get(region);
      if (state !== undefined && state.lease === lease) deadlines.push(state.deadlineMs);
    }
    deadlines.sort((left, right) => right - left);
    return deadlines[1] ?? 0;
  }

  #beat(): void {
    if (this.#isDead) return;
    const world = this.#world;
    const { ttlMs } = world.weather;
    const all = this.way === "local" ? [this.#region] : [0, 1, 2];
    for (const to of all) {
      const known = this.#leases.get(to)?.lease;
      const sentMs = this.#clock.monotonicMs();
      world.send(this.#region, to, () => {
        const lease = known ?? world.grantLease(to, this.#session, ttlMs);
        const isAlive = lease !== undefined && world.keepAlive(lease, ttlMs);
        world.send(to, this.#region, () => this.#onBeat(to, sentMs, lease, isAlive));
      });
    }
    this.#clock.schedule(ttlMs / 3, () => this.#beat());
  }

  #onBeat(to: number, sentMs: number, lease: LeaseId | undefined, isAlive: boolean): void {
    // What has lapsed once stays lapsed.
    void this.believes;
    const state = this.#leases.get(to);
    if (lease === undefined || (state !== undefined && state.lease !== lease)) return;
    if (!isAlive) {
      this.#leases.delete(to);
      return;
    }
    const deadlineMs = sentMs + this.#world.weather.ttlMs * (1 - rho) - deltaMs;
    if (state === undefined) this.#leases.set(to, { lease, deadlineMs });
    else state.deadlineMs = Math.max(state.deadlineMs, deadlineMs);
  }
}
