import { utf8 } from "@holdfast/base/bytes";
import { sleep } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import type { RequestId, SessionId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { randomUuid, SeededRandom } from "@holdfast/base/random";
import type { AcquireCommand, Command } from "@holdfast/core/command/command";
import type { AcquireOutcome, Grant, OutcomeOf } from "@holdfast/core/command/outcome";
import { type DelegationPolicy, defaultDelegationPolicy } from "@holdfast/core/delegation/recall";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { BallotSource } from "@holdfast/core/quorum/ballot";
import { generationKey } from "@holdfast/core/quorum/register-keys";
import { GlobalLocks } from "../global-locks.ts";
import { LocalLocks } from "../local-locks.ts";
import { MemoryShardStore } from "../memory/memory-shard-store.ts";
import { PlacementPublisher } from "../placement.ts";
import type { Call, LockTier } from "../ports/lock-tier.ts";
import type { VotingRegion } from "../ports/voting-region.ts";
import { RegionAcceptor } from "../region-acceptor.ts";
import { makeShard } from "../shard.ts";
import { call, testHash } from "./region.ts";

/** The regions of {@link GlobalRig}, in the order of their names. */
export const rigRegions = ["east", "north", "west"] as const;
type RegionName = (typeof rigRegions)[number];

/** From a region to another one and back, in ms. */
const roundTripMs = 60;

/** Three regions in memory, each with a coordinator, driven by hand. */
export class GlobalRig {
  readonly clock = new ManualClock();
  readonly random = new SeededRandom(11);
  readonly locals = new Map<RegionName, LocalLocks>();
  readonly locks = new Map<RegionName, GlobalLocks>();
  /** Directed links that carry nothing: `east>west`. */
  readonly cut = new Set<string>();
  /** Questions that reached a region, by kind. */
  readonly asked: string[] = [];
  /** What surrounded the calls that one coordinator passed on to another. */
  readonly passedOn: Call[] = [];
  readonly policy: DelegationPolicy;
  readonly #replaced: GlobalLocks[] = [];

  constructor(policy: Partial<DelegationPolicy> = {}) {
    this.policy = { ...defaultDelegationPolicy, ...policy };
  }

  async start(): Promise<void> {
    for (const region of rigRegions) await this.#startRegion(region);
    for (const region of rigRegions) this.#startCoordinator(region, 1);
  }

  /** The region's coordinator dies, and another one comes that knows nothing. */
  restart(region: RegionName): void {
    this.locks.get(region)?.stop();
    this.#startCoordinator(region, 2);
  }

  /** Another coordinator of the region that requests go to from now on; the one before lives on. */
  startBeside(region: RegionName): void {
    const before = this.locks.get(region);
    if (before !== undefined) this.#replaced.push(before);
    this.#startCoordinator(region, 2);
  }

  #startCoordinator(region: RegionName, incarnation: number): void {
    const locks = new GlobalLocks({
      region,
      regions: rigRegions.map((other) => this.#link(region, other)),
      local: this.local(region).context,
      refusal: () => undefined,
      coordinator: `${region}.${incarnation}`,
      coordinators: new Map(
        rigRegions
          .filter((other) => other !== region)
          .map((other) => [other, this.#coordinatorOf(region, other)]),
      ),
      delegation: this.policy,
      ballots: new BallotSource(rigRegions.indexOf(region) + 1, incarnation),
      surroundings: this,
      generation: () => 1,
      onGeneration: () => {},
      roundTripMs: () => roundTripMs,
      farthestMs: () => roundTripMs,
    });
    this.locks.set(region, locks);
  }

  /** A region's coordinator as another one reaches it. */
  #coordinatorOf(from: RegionName, to: RegionName): Pick<LockTier, "execute"> {
    return {
      execute: async (command, surroundings) => {
        this.passedOn.push(surroundings);
        await sleep(this.clock, roundTripMs / 2);
        const outcome = await this.begin(to, command, surroundings);
        await sleep(this.clock, roundTripMs / 2);
        const isCut = this.cut.has(`${from}>${to}`) || this.cut.has(`${to}>${from}`);
        if (!isCut) return outcome;
        await new Promise<void>((resolve) => surroundings.cancellation.onCancel(resolve));
        return failure("UNKNOWN_OUTCOME", `${to} did not answer.`) as typeof outcome;
      },
    };
  }

  stop(): void {
    for (const locks of [...this.locks.values(), ...this.#replaced]) locks.stop();
    for (const local of this.locals.values()) local.stop();
  }

  /** Carries a command out at a region's coordinator, letting as much time pass as it takes. */
  async run<C extends Command>(
    region: RegionName,
    command: C,
    surroundings: Partial<Call> = {},
  ): Promise<OutcomeOf<C>> {
    return this.settle(this.begin(region, command, surroundings));
  }

  /** The same without waiting. */
  begin<C extends Command>(
    region: RegionName,
    command: C,
    surroundings: Partial<Call> = {},
  ): Promise<OutcomeOf<C>> {
    const locks = this.locks.get(region);
    if (locks === undefined) throw new Error(`no coordinator in ${region}`);
    return locks.execute(command, { ...call(), ...surroundings });
  }

  /** Lets time pass until the answer is there, for 60 s at most. */
  async settle<T>(answer: Promise<T>): Promise<T> {
    let isSettled = false;
    void answer.then(() => {
      isSettled = true;
    });
    for (let steps = 0; steps < 12_000; steps++) {
      await this.clock.advance(5);
      if (isSettled) return answer;
    }
    throw new Error("no answer within a minute");
  }

  /** A session for global locks, opened in a region. */
  async open(region: RegionName, ttlMs = 10_000): Promise<SessionId> {
    const outcome = await this.run(region, {
      kind: "open-session",
      region: globalRegion,
      ttlMs,
      requestId: randomUuid(this.random) as RequestId,
    });
    if (outcome.kind !== "opened") throw new Error(outcome.message);
    return outcome.session;
  }

  /** As {@link run} for an acquire where anything but a grant is a failed test. */
  async grant(region: RegionName, command: Partial<AcquireCommand>): Promise<Grant> {
    const outcome = await this.run(region, this.acquire(command));
    if (outcome.kind !== "granted") throw new Error(`not granted: ${JSON.stringify(outcome)}`);
    return outcome.grant;
  }

  /** An exclusive try for "l" unless `command` says otherwise. */
  acquire(command: Partial<AcquireCommand>): AcquireCommand {
    return {
      kind: "acquire",
      lock: { region: globalRegion, namespace: "default", name: "l" },
      scope: "global",
      mode: "exclusive",
      requestId: randomUuid(this.random) as RequestId,
      waitMs: 0,
      owner: "test",
      metadata: {},
      ...command,
    };
  }

  /** Begins an acquire; what it came to is in `outcomes` once it has. */
  ask(region: RegionName, command: Partial<AcquireCommand>, surroundings: Partial<Call> = {}) {
    const outcomes: AcquireOutcome[] = [];
    void this.begin(region, this.acquire(command), surroundings).then((outcome) =>
      outcomes.push(outcome),
    );
    return outcomes;
  }

  release(region: RegionName, { lock, grantId, token }: Grant) {
    const release = { kind: "release", lock, grantId, token, repeated: false } as const;
    return this.run(region, release);
  }

  /** A client's heartbeats for a session, in all regions, until the answer is called. */
  keepAlive(session: SessionId, everyMs = 2_000): () => void {
    let isOver = false;
    const beat = () => {
      if (isOver) return;
      for (const local of this.locals.values()) {
        const heartbeat = { kind: "heartbeat", session, ttlMs: 10_000, leases: [] } as const;
        void local.execute({ ...heartbeat, list: false }, call());
      }
      this.clock.schedule(everyMs, beat);
    };
    beat();
    return () => {
      isOver = true;
    };
  }

  /** Cuts a region off from the two others, or heals it. */
  isolate(region: RegionName, isCut = true): void {
    for (const other of rigRegions) {
      if (other === region) continue;
      for (const link of [`${region}>${other}`, `${other}>${region}`]) {
        if (isCut) this.cut.add(link);
        else this.cut.delete(link);
      }
    }
  }

  local(region: RegionName): LocalLocks {
    const local = this.locals.get(region);
    if (local === undefined) throw new Error(`no region ${region}`);
    return local;
  }

  async #startRegion(region: RegionName): Promise<void> {
    const stores = [0, 1].map(() => new MemoryShardStore(this));
    const success = [{ kind: "put", key: generationKey, value: utf8("1"), lease: 0n }] as const;
    for (const store of stores) await store.commit({ compares: [], success, failure: [] });
    const shards = () => stores.map((store, index) => makeShard(region, `s${index}`, store, this));
    const placement = { cluster: "test", region, hash: testHash, surroundings: this };
    const published = await new PlacementPublisher({
      ...placement,
      shards: shards(),
      weights: new Map(),
      hierarchical: ["tree"],
    }).publish();
    if ("kind" in published) throw new Error(published.message);
    const local = new LocalLocks({ ...placement, shards: shards() });
    await local.start();
    this.locals.set(region, local);
  }

  /** `to` as `from` reaches it: late by half a round trip each way, or not at all. */
  #link(from: RegionName, to: RegionName): VotingRegion {
    const acceptor = new RegionAcceptor(this.local(to).context);
    if (from === to) return acceptor;
    const ask = async <T>(
      kind: string,
      withinMs: number,
      question: () => Promise<T | Failure>,
    ): Promise<T | Failure> => {
      this.asked.push(`${kind} ${from}>${to}`);
      const { promise, resolve } = Promise.withResolvers<T | Failure>();
      const silence = failure("SHARD_UNAVAILABLE", `${to} did not answer.`);
      const timer = this.clock.schedule(withinMs, () => resolve(silence));
      this.clock.schedule(roundTripMs / 2, () => {
        if (this.cut.has(`${from}>${to}`)) return;
        void question().then((reply) => {
          this.clock.schedule(roundTripMs / 2, () => {
            if (this.cut.has(`${to}>${from}`)) return;
            timer.cancel();
            resolve(reply);
          });
        });
      });
      return promise;
    };
    return {
      region: to,
      prepare: (lock, request, withinMs) =>
        ask("prepare", withinMs, () => acceptor.prepare(lock, request, withinMs)),
      accept: (lock, request, withinMs) =>
        ask("accept", withinMs, () => acceptor.accept(lock, request, withinMs)),
      read: (lock, generation, withinMs) =>
        ask("read", withinMs, () => acceptor.read(lock, generation, withinMs)),
      meet: (lock, session, withinMs) =>
        ask("meet", withinMs, () => acceptor.meet(lock, session, withinMs)),
      keepAlive: (lock, session, withinMs) =>
        ask("keep-alive", withinMs, () => acceptor.keepAlive(lock, session, withinMs)),
    };
  }
}
