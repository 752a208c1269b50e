import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import type { GlobalHolder } from "@holdfast/core/quorum/register-value";
import type { ProposerAnswer } from "@holdfast/engine/register-proposer";
import { type Believer, DriftingClock, type RegisterWorld, regionNames } from "./register-world.ts";

const rho = 0.01;
const deltaMs = 50;
/** A call that takes longer is given up by its caller. */
const patienceMs = 1_200;

/** What one region's lease of a session is good for. */
interface RegionLease {
  readonly lease: LeaseId;
  /** On the client's clock. */
  deadlineMs: number;
}

interface Tenure {
  readonly holder: GlobalHolder;
  readonly confirmed: (grantId: GrantId) => ReadonlyMap<number, LeaseId>;
  isLost: boolean;
}

/** A client that takes the lock, works under it and gives it back, again and again. */
export class RegisterClient implements Believer {
  readonly name: string;
  readonly #world: RegisterWorld;
  readonly #clock: DriftingClock;
  readonly #region: number;
  readonly #ttlMs: number;
  readonly #session: SessionId;
  readonly #leases = new Map<number, RegionLease>();
  #tenure: Tenure | undefined;
  #requests = 0;
  #isDead = false;
  /** Times the lock was believed in. */
  beliefs = 0;

  constructor(world: RegisterWorld, name: string, region: number, ttlMs: number) {
    this.#world = world;
    this.name = name;
    this.#region = region;
    this.#ttlMs = ttlMs;
    this.#session = name as SessionId;
    const drift = (world.random.next() * 2 - 1) * world.weather.driftMax;
    this.#clock = new DriftingClock(world.timeline, 1 + drift);
    for (const to of [0, 1, 2]) this.#open(to);
    this.#beat();
  }

  /** It beats no more and asks for nothing; what it believes it goes on believing. */
  die(): void {
    this.#isDead = true;
  }

  /** The grant it works under. */
  get grantId(): GrantId | undefined {
    return this.#tenure?.holder.grantId;
  }

  get mode(): "exclusive" | "shared" | undefined {
    return this.#tenure?.holder.mode;
  }

  /** It would let a resource be touched now. */
  get believes(): boolean {
    const tenure = this.#tenure;
    if (tenure === undefined || tenure.isLost) return false;
    if (this.#believedUntilMs(tenure) > this.#clock.monotonicMs()) return true;
    tenure.isLost = true;
    return false;
  }

  /** The second-latest deadline among the regions that count. */
  #believedUntilMs({ confirmed, holder }: Tenure): number {
    const deadlines: number[] = [];
    for (const [region, lease] of confirmed(holder.grantId)) {
      const state = this.#leases.get(region);
      if (state !== undefined && state.lease === lease) deadlines.push(state.deadlineMs);
    }
    deadlines.sort((left, right) => right - left);
    return deadlines[1] ?? 0;
  }

  start(afterMs: number): void {
    this.#world.timeline.after(afterMs, () => this.#acquire());
  }

  /** Asks until it has the lock; tells when. */
  insist(onGranted: () => void): void {
    let request = this.#request("exclusive", true);
    let isRepeat = false;
    const ask = () => {
      if (this.believes) return;
      const asked = request;
      const command = { ...request, mayBeGranted: isRepeat };
      this.#ask(this.#region, command, isRepeat, (answer) => {
        if (answer.kind !== "decided") return;
        const { outcome } = answer;
        const isOver = outcome.kind === "ended" || outcome.kind === "forgotten";
        // Granted while it could not be confirmed, and taken for gone: a new request, but one only.
        if (isOver && asked === request) {
          request = this.#request("exclusive", true);
          isRepeat = false;
        }
        if (outcome.kind !== "granted") return;
        if (!this.believes) this.#believe(outcome.holder, answer.confirmed);
        if (this.believes) onGranted();
      });
      isRepeat = true;
      this.#world.timeline.after(100 + 100 * this.#world.weather.distance, ask);
    };
    ask();
  }

  #acquire(): void {
    const world = this.#world;
    if (this.#isDead) return;
    const mode = world.random.next() < 0.75 ? "exclusive" : "shared";
    const wait = world.random.next() < 0.6;
    const request = this.#request(mode, wait);
    const { grantId } = request.request;
    const untilMs = world.timeline.nowMs + world.random.next() * 2_500;
    let isSettled = false;
    let sends = 0;
    const tryOnce = (isRepeat: boolean) => {
      if (this.#isDead || isSettled) return;
      sends++;
      const via = isRepeat && world.random.next() < 0.3 ? this.#elsewhere() : this.#region;
      let isAnswered = false;
      const again = (pauseMs: number) => {
        if (isAnswered || isSettled) return;
        isAnswered = true;
        world.timeline.after(pauseMs, () => {
          if (isSettled) return;
          if (world.timeline.nowMs < untilMs) return tryOnce(true);
          isSettled = true;
          this.#giveUp(grantId);
          return undefined;
        });
      };
      // Some are impatient, and repeat what a coordinator is still about to do.
      const impatient = world.random.next() < 0.3;
      world.timeline.after(patienceMs * (impatient ? 0.25 : 1), () => again(0));
      this.#ask(via, { ...request, mayBeGranted: isRepeat }, isRepeat, (answer) => {
        if (isSettled || this.#isDead) return;
        if (answer.kind === "unknown") return again(20);
        const isGrant = answer.kind === "decided" && answer.outcome.kind === "granted";
        // A refusal of the first copy says nothing of the repeat that is under way.
        if (!isGrant && !isRepeat && sends > 1) return undefined;
        if (answer.kind !== "decided") {
          isSettled = true;
          world.checks.onRefused(grantId);
          return this.#rest();
        }
        const { outcome } = answer;
        if (outcome.kind === "waiting" || outcome.kind === "forgotten")
          return again(80 + 40 * world.weather.distance);
        isSettled = true;
        if (outcome.kind === "held" || outcome.kind === "full") {
          world.checks.onRefused(grantId);
          return this.#rest();
        }
        if (outcome.kind !== "granted") return this.#rest();
        return this.#onGranted(outcome.holder, answer.confirmed);
      });
    };
    tryOnce(false);
  }

  #onGranted(holder: GlobalHolder, confirmed: Tenure["confirmed"]): void {
    this.#believe(holder, confirmed);
    if (!this.believes) {
      this.#tenure = undefined;
      this.#giveUp(holder.grantId);
      return;
    }
    const { random, timeline } = this.#world;
    const fate = random.next();
    // Some hold on and say no more: their lock must pass on by itself.
    if (fate < 0.1) {
      this.die();
      return;
    }
    // Some hold it for so long that a cut link can end their leases.
    timeline.after(random.next() * (fate < 0.5 ? 300 : this.#world.weather.holdMaxMs), () => {
      this.#tenure = undefined;
      this.#release(holder, 0);
    });
  }

  #believe(holder: GlobalHolder, confirmed: Tenure["confirmed"]): void {
    this.#tenure = { holder, confirmed, isLost: false };
    if (!this.believes) return;
    this.beliefs++;
    this.#world.onBelief(this);
  }

  #release({ grantId, token }: GlobalHolder, tries: number): void {
    if (this.#isDead) return;
    let isAnswered = false;
    const again = () => {
      if (isAnswered) return;
      isAnswered = true;
      if (tries < 6) this.#release({ grantId, token } as GlobalHolder, tries + 1);
      else this.#rest();
    };
    this.#world.timeline.after(patienceMs, again);
    this.#ask(this.#region, { kind: "release", grantId, token }, tries > 0, (answer) => {
      if (answer.kind !== "decided") return again();
      if (answer.outcome.kind === "released") this.#world.checks.onReleased(grantId);
      if (!isAnswered) this.#rest();
      isAnswered = true;
      return undefined;
    });
  }

  #giveUp(grantId: GrantId, tries = 0): void {
    if (this.#isDead) return;
    let isAnswered = false;
    const again = () => {
      if (isAnswered) return;
      isAnswered = true;
      if (tries < 6) this.#giveUp(grantId, tries + 1);
      else this.#rest();
    };
    this.#world.timeline.after(patienceMs, again);
    this.#ask(this.#region, { kind: "cancel", grantId }, true, (answer) => {
      if (answer.kind !== "decided") return again();
      if (!isAnswered) this.#rest();
      isAnswered = true;
      return undefined;
    });
  }

  #rest(): void {
    const { random, timeline } = this.#world;
    timeline.after(random.next() * 500, () => this.#acquire());
  }

  #request(mode: "exclusive" | "shared", wait: boolean) {
    return {
      kind: "acquire" as const,
      request: {
        grantId: `${this.name}#${++this.#requests}` as GrantId,
        session: this.#session,
        region: regionNames[this.#region] ?? "",
        ttlMs: this.#ttlMs,
        mode,
        owner: this.name,
        atMs: 0,
        metadata: {},
      },
      wait,
      mayBeGranted: false,
    };
  }

  #ask(
    via: number,
    command: RegisterCommand,
    isRepeat: boolean,
    answer: (answer: ProposerAnswer) => void,
  ): void {
    const world = this.#world;
    const deadlineMs = world.timeline.nowMs + patienceMs;
    const submit = () => {
      const isOver = () => world.timeline.nowMs > deadlineMs;
      world.coordinators[via]?.submit(command, isRepeat, isOver, (given) => {
        world.send(via, this.#region, () => answer(given));
      });
    };
    // A coordinator tells a copy from a repeat by its connection.
    world.send(this.#region, via, submit, false);
  }

  #elsewhere(): number {
    return (this.#region + 1 + Math.floor(this.#world.random.next() * 2)) % 3;
  }

  /** A lease in a region, and its deadline from before it was asked for. */
  #open(to: number): void {
    const world = this.#world;
    const sentMs = this.#clock.monotonicMs();
    world.send(this.#region, to, () => {
      const lease = world.grantLease(to, this.#session, this.#ttlMs);
      const isNew = world.isNew(lease);
      world.send(to, this.#region, () => {
        if (this.#leases.get(to)?.lease === lease) return;
        // A lease that stood there already was not renewed by being found.
        this.#leases.set(to, { lease, deadlineMs: isNew ? this.#deadline(sentMs) : 0 });
      });
    });
  }

  #beat(): void {
    if (this.#isDead) return;
    for (const to of [0, 1, 2]) {
      const state = this.#leases.get(to);
      if (state === undefined) this.#open(to);
      else this.#renew(to, state.lease);
    }
    this.#clock.schedule(this.#ttlMs / 3, () => this.#beat());
  }

  #renew(to: number, lease: LeaseId): void {
    const world = this.#world;
    const sentMs = this.#clock.monotonicMs();
    world.send(this.#region, to, () => {
      const isAlive = world.keepAlive(lease, this.#ttlMs);
      world.send(to, this.#region, () => {
        const state = this.#leases.get(to);
        if (state === undefined || state.lease !== lease) return;
        // What has lapsed once stays lapsed.
        void this.believes;
        if (isAlive) state.deadlineMs = Math.max(state.deadlineMs, this.#deadline(sentMs));
        else this.#leases.delete(to);
      });
    });
  }

  #deadline(sentMs: number): number {
    return sentMs + this.#ttlMs * (1 - rho) - deltaMs;
  }
}
