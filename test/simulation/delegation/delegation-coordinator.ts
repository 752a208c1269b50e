import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { LocalReply, LocalStep } from "@holdfast/core/delegation/local-step";
import { BallotSource } from "@holdfast/core/quorum/ballot";
import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import { AbandonedSessions } from "@holdfast/engine/abandoned-sessions";
import { DelegatedLock } from "@holdfast/engine/delegated-lock";
import { DelegationSession } from "@holdfast/engine/delegation-session";
import { type Asking, RegisterProposer } from "@holdfast/engine/register-proposer";
import { DriftingClock } from "../register/drifting-clock.ts";
import { type DelegationWorld, type RegionShard, regionNames } from "./delegation-world.ts";

const rho = 0.01;
const deltaMs = 30;

/** How long one that retires has for it. */
const retireMsMax = 600;

/** One life of a coordinator: all that a crash takes away. */
interface Life {
  readonly lock: DelegatedLock<"lock">;
  readonly proposer: RegisterProposer;
  readonly learn: () => void;
  session: DelegationSession<"lock"> | undefined;
  adopted: DelegationSession<"lock"> | undefined;
  isRetiring: boolean;
  readonly abandoned: AbandonedSessions;
}

type Alive = (then: () => void) => () => void;

/** A coordinator process: proposals for the register, and the delegation of the one lock. */
export class DelegationCoordinator {
  readonly region: number;
  readonly #world: DelegationWorld;
  readonly #proposer: number;
  readonly #clock: DriftingClock;
  #incarnation = 0;
  #generation = 1;
  #ids = 0;
  #life: Life | undefined;

  constructor(world: DelegationWorld, region: number, proposer: number) {
    this.#world = world;
    this.region = region;
    this.#proposer = proposer;
    const drift = (world.random.next() * 2 - 1) * world.weather.driftMax;
    this.#clock = new DriftingClock(world.timeline, 1 + drift);
    this.#start();
  }

  /** Undefined while it is down. */
  get lock(): DelegatedLock<"lock"> | undefined {
    return this.#life?.lock;
  }

  /** It takes no requests any more, and none of those it has is waited for. */
  get isRetiring(): boolean {
    return this.#life?.isRetiring === true;
  }

  /** Finds out whether the lock is delegated to this region already. */
  learn(): void {
    this.#life?.learn();
  }

  /** A command for the register, past every delegation. */
  submit(asking: Asking): void {
    this.#life?.proposer.submit(asking);
  }

  /** Takes a message in: now, or when the process goes on. */
  receive(what: () => void): void {
    this.#clock.run(what);
  }

  pause(lengthMs: number): void {
    this.#clock.pause(lengthMs);
  }

  /** It is told to end: its callers go elsewhere, and it gives back what it can in the time. */
  retire(downMs: number): void {
    const life = this.#life;
    if (life === undefined) return;
    life.isRetiring = true;
    life.lock.retire();
    this.#world.timeline.after(this.#world.random.next() * retireMsMax, () => {
      if (this.#life === life) this.crash(downMs);
    });
  }

  crash(downMs: number): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.lock.close();
    life.session?.abandon();
    life.adopted?.abandon();
    this.#world.timeline.after(downMs, () => this.#start());
  }

  #start(): void {
    const world = this.#world;
    const { region } = this;
    const incarnation = ++this.#incarnation;
    const name = `${this.#proposer}.${incarnation}`;
    /** Messages to a process that died are lost. */
    const alive = (then: () => void) => () =>
      this.#clock.run(() => {
        if (this.#incarnation === incarnation && this.#life !== undefined) then();
      });
    const proposer = this.#newProposer(incarnation, alive);
    const life: Life = {
      proposer,
      learn: () => this.#peek(alive, (value, isDoubtful) => life.lock.hint(value, isDoubtful)),
      session: undefined,
      adopted: undefined,
      isRetiring: false,
      abandoned: new AbandonedSessions(),
      lock: new DelegatedLock({
        region: regionNames[region] ?? "",
        coordinator: name,
        shard: {
          ask: (step, answer) => this.#toShard(alive, step, answer),
        },
        register: { submit: (asking) => this.submit(asking) },
        lock: "lock",
        session: () => this.#sessionOf(life, name),
        sessionOf: ({ session }) => this.#adopted(life, session),
        mayAdopt: ({ grantId, session }) =>
          grantId.endsWith(`.g${this.#generation}`) && !life.abandoned.has(session),
        peek: (answer) => this.#peek(alive, answer),
        newId: () => `d${name}#${++this.#ids}.g${this.#generation}` as GrantId,
        clock: this.#clock,
        random: world.random,
        policy: world.weather.policy,
        patienceMs: 60,
        lookMs: world.weather.lookMs,
      }),
    };
    this.#life = life;
  }

  /** One session for all delegations of a life, until it must be left to end. */
  #sessionOf(life: Life, name: string): DelegationSession<"lock"> {
    if (!life.session?.isUsable) {
      const session = `s${this.region}.${name}/${++this.#ids}` as SessionId;
      life.session = this.#newSession(life, session);
    }
    return life.session;
  }

  /** Of another coordinator of the region, or of this one in an earlier life. */
  #adopted(life: Life, id: SessionId): DelegationSession<"lock"> {
    const known = life.session?.id === id ? life.session : life.adopted;
    if (known?.id === id && !known.isAbandoned) return known;
    life.adopted = this.#newSession(life, id);
    return life.adopted;
  }

  #newSession({ abandoned }: Life, id: SessionId): DelegationSession<"lock"> {
    const world = this.#world;
    const { region } = this;
    const { delegationTtlMs } = world.weather;
    const validForMs = delegationTtlMs * (1 - rho) - deltaMs;
    return new DelegationSession<"lock">({
      id,
      ttlMs: delegationTtlMs,
      home: region,
      clock: this.#clock,
      onAbandoned: (left) => abandoned.note(left),
      beats: {
        meet: (to, _lock, session, answer) =>
          world.send(region, to, () => {
            const lease = world.grantLease(to, session, delegationTtlMs);
            if (lease === undefined || !world.keepAlive(lease, delegationTtlMs)) return;
            world.send(to, region, () => answer({ shard: "s0", lease, validForMs }));
          }),
        keepAlive: (to, _lock, session, answer) =>
          world.send(region, to, () => {
            const lease = world.shards[to]?.acceptor.leases.get(session);
            if (lease === undefined || !world.keepAlive(lease, delegationTtlMs)) return;
            world.send(to, region, () => answer({ shard: "s0", lease, validForMs }));
          }),
      },
    });
  }

  /** Every step compares the generation, as every vote does. */
  #toShard(alive: Alive, step: LocalStep, answer: (reply: LocalReply) => void): void {
    const generation = this.#generation;
    this.#world.toShard(this.region, ({ local, acceptor }) => {
      if (acceptor.generation === generation) {
        const reply = local.carryOut(step);
        return alive(() => answer(reply));
      }
      const current = acceptor.generation;
      return alive(() => {
        this.#generation = Math.max(this.#generation, current);
        answer({ kind: "moved" });
      });
    });
  }

  #peek(alive: Alive, answer: (value: RegisterValue, isDoubtful: boolean) => void): void {
    const world = this.#world;
    const { region } = this;
    for (const to of [region, (region + 1 + Math.floor(world.random.next() * 2)) % 3]) {
      world.send(region, to, () => {
        const { acceptor, isSilent } = world.shards[to] as RegionShard;
        const value = acceptor.accepted?.value;
        if (isSilent || value === undefined) return;
        const isDoubtful = value.holders.some(({ grantId }) => !acceptor.live.has(grantId));
        world.send(
          to,
          region,
          alive(() => answer(value, isDoubtful)),
        );
      });
    }
  }

  #newProposer(incarnation: number, alive: Alive): RegisterProposer {
    const world = this.#world;
    const { region } = this;
    const ask = <R>(to: number, answer: (reply: R) => void, vote: (shard: RegionShard) => R) =>
      world.send(region, to, () => {
        const shard = world.shards[to] as RegionShard;
        if (shard.isSilent) return;
        const reply = vote(shard);
        world.send(
          to,
          region,
          alive(() => answer(reply)),
        );
      });
    return new RegisterProposer({
      acceptors: {
        prepare: (to, request, answer) =>
          ask(to, answer, ({ acceptor }) => acceptor.prepare(request)),
        accept: (to, request, answer) =>
          ask(to, answer, ({ acceptor }) => {
            const before = acceptor.accepted?.ballot;
            const reply = acceptor.accept(request);
            const { ballot, value } = request;
            if (acceptor.accepted?.ballot === ballot && before !== ballot) {
              world.checks.onAccepted(to, ballot, value);
            }
            return reply;
          }),
      },
      ballots: new BallotSource(this.#proposer, incarnation),
      clock: this.#clock,
      random: world.random,
      generation: () => this.#generation,
      onGeneration: (generation) => {
        this.#generation = Math.max(this.#generation, generation);
      },
      roundTripMs: () => 80 * world.weather.distance,
    });
  }
}
