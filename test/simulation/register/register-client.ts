import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import type { Mode } from "@holdfast/core/lock/lock-id";
import type { AcquireGlobal, RegisterCommand } from "@holdfast/core/quorum/register-command";
import type { GlobalHolder } from "@holdfast/core/quorum/register-value";
import { DriftingClock } from "./drifting-clock.ts";
import type { Coordinator, CoordinatorAnswer } from "./register-coordinator.ts";
import { regionNames } from "./register-region.ts";
import type { Believer, RegisterWorld } from "./register-world.ts";

const rho = 0.01;
const deltaMs = 50;
/** A call that takes longer is given up by its caller. */
const patienceMs = 1_200;
const triesMax = 6;
const never = () => false;

/** What one region's lease of a session is good for. */
interface RegionLease {
  readonly lease: LeaseId;
  /** On the client's clock. */
  deadlineMs: number;
}

interface Tenure {
  readonly holder: GlobalHolder;
  readonly confirmed: () => ReadonlyMap<number, LeaseId>;
  isLost: boolean;
}

/** A client that takes the lock, works under it and gives it back, again and again. */
export class RegisterClient implements Believer {
  readonly name: string;
  readonly #world: RegisterWorld;
  readonly #clock: DriftingClock;
  readonly region: number;
  readonly #ttlMs: number;
  readonly #session: SessionId;
  readonly #leases = new Map<number, RegionLease>();
  #coordinator: Coordinator;
  #tenure: Tenure | undefined;
  #requests = 0;
  #isDead = false;
  #isStranded = false;
  /** Times the lock was believed in. */
  beliefs = 0;

  /** `isShort`: it begins with leases in some regions only, and does not hear of all of them. */
  constructor(world: RegisterWorld, name: string, region: number, ttlMs: number, isShort = false) {
    this.#world = world;
    this.name = name;
    this.region = region;
    this.#ttlMs = ttlMs;
    this.#session = name as SessionId;
    this.#coordinator = this.#pick(region);
    const drift = (world.random.next() * 2 - 1) * world.weather.driftMax;
    this.#clock = new DriftingClock(world.timeline, 1 + drift);
    for (const to of [0, 1, 2]) {
      if (!isShort || world.random.next() < 0.6)
        this.#open(to, !isShort || world.random.next() < 0.4);
    }
    this.#clock.schedule(ttlMs / 3, () => this.#beat());
  }

  die(): void {
    this.#isDead = true;
  }

  strand(): void {
    this.#isStranded = true;
  }

  jump(byMs: number): void {
    this.#clock.jump(byMs);
  }

  /** The grant it works under. */
  get grantId(): GrantId | undefined {
    return this.#tenure?.holder.grantId;
  }

  get mode(): Mode | undefined {
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

  start(afterMs: number): void {
    this.#world.timeline.after(afterMs, () => this.#acquire());
  }

  /** Waits until it has the lock; tells when, and when it stands in line. */
  insist(onGranted: () => void, onWaiting = () => {}): void {
    const { timeline } = this.#world;
    let request = this.#request("exclusive", true);
    let firstSentMs = this.#clock.monotonicMs();
    let connection = this.#connect(0);
    let granted: GlobalHolder | undefined;
    let confirmed: Tenure["confirmed"] = () => new Map();
    const lookAgain = () => {
      if (granted !== undefined && !this.believes) this.#believe(granted, confirmed);
      if (this.believes) onGranted();
    };
    const ask = (isRepeat: boolean) => {
      const asked = request;
      const again = (next: boolean) => timeline.after(100, () => ask(next));
      connection = this.#connect(0);
      const command = { ...request, mayBeGranted: isRepeat };
      this.#ask(connection.coordinator, command, isRepeat, never, (answer) => {
        if (asked !== request || this.believes) return undefined;
        const { told } = answer;
        if (told.kind !== "decided") return again(true);
        const { outcome } = told;
        if (outcome.kind === "waiting") return onWaiting();
        if (outcome.kind === "granted") {
          this.#learn(answer, firstSentMs);
          granted = outcome.holder;
          confirmed = () => told.confirmed(asked.request.grantId);
          lookAgain();
          return this.believes ? undefined : again(true);
        }
        // Granted while it could not be confirmed, and taken for gone: a new request.
        granted = undefined;
        request = this.#request("exclusive", true);
        firstSentMs = this.#clock.monotonicMs();
        return again(false);
      });
    };
    ask(false);
    const watch = () => {
      // What a region confirmed counts as soon as the lease there is kept alive.
      lookAgain();
      if (this.believes) return;
      if (!connection.isOpen()) ask(true);
      timeline.after(400, watch);
    };
    watch();
  }

  /** Takes the lock as often as it can, and holds it for a moment. */
  crowd(): void {
    const request = this.#request("exclusive", false);
    const { grantId } = request.request;
    const over = () => this.#world.timeline.after(20, () => this.crowd());
    let isAnswered = false;
    this.#ask(
      this.#coordinator,
      request,
      false,
      () => isAnswered,
      ({ told }) => {
        if (isAnswered || this.#isDead) return;
        isAnswered = true;
        const isGrant = told.kind === "decided" && told.outcome.kind === "granted";
        if (isGrant || told.kind === "unknown") {
          this.#ask(this.#coordinator, { kind: "cancel", grantId }, true, () => false, over);
        } else over();
      },
    );
  }

  /** The second-latest deadline among the regions that count. */
  #believedUntilMs({ confirmed }: Tenure): number {
    const deadlines: number[] = [];
    for (const [region, lease] of confirmed()) {
      const state = this.#leases.get(region);
      if (state !== undefined && state.lease === lease) deadlines.push(state.deadlineMs);
    }
    deadlines.sort((left, right) => right - left);
    return deadlines[1] ?? 0;
  }

  #acquire(): void {
    if (this.#isDead || this.#isStranded) return;
    const { random, timeline, weather, checks } = this.#world;
    const mode = random.next() < 0.75 ? "exclusive" : "shared";
    const wait = random.next() < (weather.isRestless ? 0.4 : 0.6);
    const request = this.#request(mode, wait);
    const { grantId } = request.request;
    const untilMs = timeline.nowMs + random.next() * 2_500;
    const firstSentMs = this.#clock.monotonicMs();
    let isSettled = false;
    let sends = 0;
    const tryOnce = (isRepeat: boolean) => {
      if (this.#isDead || isSettled) return;
      sends++;
      const connection = this.#connect(isRepeat ? (weather.isRestless ? 0.6 : 0.3) : 0);
      let isAnswered = false;
      let isWaiting = false;
      const again = (pauseMs: number) => {
        if (isAnswered || isSettled) return;
        isAnswered = true;
        timeline.after(pauseMs, () => {
          if (isSettled) return;
          if (timeline.nowMs < untilMs) {
            tryOnce(true);
            return;
          }
          isSettled = true;
          this.#giveUp(grantId);
        });
      };
      // Some are impatient, and repeat what a coordinator is still about to do.
      const isImpatient = random.next() < (weather.isRestless ? 0.7 : 0.25);
      const checkMs = patienceMs * (isImpatient ? 0.25 : 1);
      const check = () => {
        // One that waits is told by its coordinator, as long as there is one.
        const isServed = isWaiting && connection.isOpen() && timeline.nowMs < untilMs;
        if (isServed && !isAnswered) timeline.after(checkMs, check);
        else again(0);
      };
      timeline.after(checkMs, check);
      // A connection that its caller has closed says so; a repeat may come on another one.
      const isOver = () => (isSettled && !isRepeat) || timeline.nowMs > untilMs + patienceMs;
      const command = { ...request, mayBeGranted: isRepeat };
      this.#ask(connection.coordinator, command, isRepeat, isOver, (answer) => {
        if (isSettled || this.#isDead) return undefined;
        const { told } = answer;
        if (told.kind === "unknown") return again(20);
        const isGrant = told.kind === "decided" && told.outcome.kind === "granted";
        // A refusal of the first copy says nothing of the repeat that is under way.
        if (!isGrant && !isRepeat && sends > 1) return undefined;
        const outcome = told.kind === "decided" ? told.outcome : { kind: "full" as const };
        isWaiting ||= outcome.kind === "waiting";
        if (outcome.kind === "waiting") return undefined;
        if (outcome.kind === "forgotten") return again(200);
        isSettled = true;
        if (outcome.kind === "held" || outcome.kind === "full") checks.onRefused(grantId);
        if (outcome.kind !== "granted" || told.kind !== "decided") return this.#rest();
        this.#learn(answer, firstSentMs);
        return this.#onGranted(outcome.holder, () => told.confirmed(grantId), request);
      });
    };
    tryOnce(false);
  }

  /** A lease the coordinator made and the client never heard of counts from the first send. */
  #learn({ validity }: CoordinatorAnswer, firstSentMs: number): void {
    for (const [region, { lease, validForMs }] of validity) {
      if (validForMs <= 0 || this.#leases.has(region)) continue;
      this.#leases.set(region, { lease, deadlineMs: firstSentMs + validForMs });
    }
  }

  #onGranted(holder: GlobalHolder, confirmed: Tenure["confirmed"], request: AcquireGlobal): void {
    this.#believe(holder, confirmed);
    if (!this.believes) {
      this.#tenure = undefined;
      this.#giveUp(holder.grantId);
      return;
    }
    const { random, timeline, weather } = this.#world;
    const { token, mode } = holder;
    this.#world.touch(token, mode);
    const fate = random.next();
    // Some hold on and say no more: their lock must pass on by itself.
    if (fate < (weather.isSlow ? 0.25 : weather.isChurning ? 0.01 : 0.1)) {
      this.die();
      // They wake up much later, and do not look at the clock.
      timeline.after(random.next() * 5_000, () => this.#world.touch(token, mode));
      return;
    }
    // Some hold it for so long that a cut link can end their leases.
    const lengthMs =
      random.next() * (fate < 0.5 ? Math.min(300, weather.holdMaxMs) : weather.holdMaxMs);
    timeline.after(lengthMs, () => {
      if (this.#isStranded) return;
      this.#world.touch(token, mode);
      this.#tenure = undefined;
      this.#release(holder, 0);
    });
    if (weather.isRestless) timeline.after(100, () => this.#confirmAnew(request));
  }

  /** Asks for its own grant once more, which may tell of another region that counts. */
  #confirmAnew(request: AcquireGlobal): void {
    const { grantId } = request.request;
    const isOver = () => this.#isDead || this.grantId !== grantId;
    if (isOver()) return;
    const command = { ...request, mayBeGranted: true };
    this.#ask(this.#connect(0.3).coordinator, command, true, isOver, (answer) => {
      const { told } = answer;
      if (isOver() || told.kind !== "decided" || told.outcome.kind !== "granted") return;
      const { holder } = told.outcome;
      const tenure = { holder, confirmed: () => told.confirmed(grantId), isLost: false };
      const before = this.#tenure;
      if (before === undefined || before.isLost) return;
      if (this.#believedUntilMs(tenure) > this.#believedUntilMs(before)) this.#tenure = tenure;
    });
    this.#world.timeline.after(100 + this.#world.random.next() * 500, () => {
      this.#confirmAnew(request);
    });
  }

  #believe(holder: GlobalHolder, confirmed: Tenure["confirmed"]): void {
    this.#tenure = { holder, confirmed, isLost: false };
    if (!this.believes) return;
    this.beliefs++;
    this.#world.onBelief(this);
  }

  #release({ grantId, token }: GlobalHolder, tries: number): void {
    this.#conclude({ kind: "release", grantId, token }, tries, tries > 0);
  }

  #giveUp(grantId: GrantId): void {
    this.#conclude({ kind: "cancel", grantId }, 0, true);
  }

  /** Ends a request, and goes on once that is known, or after a few tries. */
  #conclude(
    command: Extract<RegisterCommand, { kind: "release" | "cancel" }>,
    tries: number,
    isRepeat: boolean,
  ): void {
    if (this.#isDead) return;
    const { timeline, checks } = this.#world;
    let isAnswered = false;
    const again = () => {
      if (isAnswered) return;
      isAnswered = true;
      if (tries < triesMax) this.#conclude(command, tries + 1, true);
      else this.#rest();
    };
    timeline.after(patienceMs, again);
    const deadlineMs = timeline.nowMs + patienceMs;
    const isOver = () => timeline.nowMs > deadlineMs;
    this.#ask(this.#connect(0).coordinator, command, isRepeat, isOver, ({ told }) => {
      if (told.kind !== "decided") return again();
      if (told.outcome.kind === "released") checks.onReleased(command.grantId);
      if (!isAnswered) this.#rest();
      isAnswered = true;
      return undefined;
    });
  }

  #rest(): void {
    const { random, timeline, weather } = this.#world;
    timeline.after(random.next() * (weather.isChurning ? 20 : 500), () => this.#acquire());
  }

  #request(mode: Mode, wait: boolean): AcquireGlobal {
    return {
      kind: "acquire",
      request: {
        grantId: `${this.name}#${++this.#requests}` as GrantId,
        session: this.#session,
        region: regionNames[this.region] ?? "",
        ttlMs: this.#ttlMs,
        mode,
        owner: this.name,
        metadata: {},
        atMs: 0,
      },
      wait,
      mayBeGranted: false,
    };
  }

  #ask(
    to: Coordinator,
    command: RegisterCommand,
    isRepeat: boolean,
    isOver: () => boolean,
    answer: (answer: CoordinatorAnswer) => void,
  ): void {
    const world = this.#world;
    const { incarnation } = to;
    const sending = {
      id: world.nextSending(),
      command,
      isRepeat,
      isOver,
      answer: (given: CoordinatorAnswer) => {
        world.network.send(to.region, this.region, () => answer(given));
      },
    };
    world.network.send(this.region, to.region, () => {
      // A connection ends with the process at its other end, and copies with the connection.
      if (to.incarnation === incarnation) to.submit(sending);
    });
  }

  /** A coordinator of the own region, or with that chance one of another. */
  #connect(chanceElsewhere: number) {
    const { random } = this.#world;
    const isElsewhere = chanceElsewhere > 0 && random.next() < chanceElsewhere;
    const step = isElsewhere ? 1 + Math.floor(random.next() * 2) : 0;
    const coordinator = this.#pick((this.region + step) % 3);
    this.#coordinator = coordinator;
    const { incarnation } = coordinator;
    return {
      coordinator,
      /** Between regions a lost message breaks it sooner or later. */
      isOpen: () => step === 0 && coordinator.isUp && coordinator.incarnation === incarnation,
    };
  }

  #pick(region: number): Coordinator {
    return this.#world.coordinatorsOf(region)[0] as Coordinator;
  }

  /** A lease in a region, through the coordinator, which may hear of it while nobody tells. */
  #open(to: number, isTold: boolean): void {
    const sentMs = this.#clock.monotonicMs();
    this.#coordinator.meet(to, this.#session, this.#ttlMs, (lease, isNew) => {
      if (!isTold || this.#leases.get(to)?.lease === lease) return;
      // A lease that stood there already was not renewed by being found.
      this.#leases.set(to, { lease, deadlineMs: isNew ? this.#deadline(sentMs) : 0 });
    });
  }

  #beat(): void {
    if (this.#isDead) return;
    for (const to of [0, 1, 2]) {
      if (this.#isStranded && to !== this.region) continue;
      const state = this.#leases.get(to);
      if (state === undefined) this.#open(to, true);
      else this.#renew(to, state.lease);
    }
    this.#clock.schedule(this.#ttlMs / 3, () => this.#beat());
  }

  #renew(to: number, lease: LeaseId): void {
    const { network, regions } = this.#world;
    const sentMs = this.#clock.monotonicMs();
    network.send(this.region, to, () => {
      const isAlive = regions[to]?.keepAlive(lease, this.#ttlMs) === true;
      network.send(to, this.region, () => {
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
