import { sleep } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";
import { ClientParts } from "@holdfast/client/client-parts";
import type { Mode } from "@holdfast/core/lock/lock-id";
import { exactClocks, SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { LockTaker, Refusal } from "../world/application.ts";
import { Beliefs, type TakenLock } from "../world/beliefs.ts";
import { LeasedHold, OwnTtlTaker } from "../world/own-ttl-taker.ts";
import type { RouterSite } from "../world/router-site.ts";
import { requestTimeoutMs, SessionTaker } from "../world/session-taker.ts";
import { SimulatedTransport } from "../world/simulated-transport.ts";
import { World } from "../world/world.ts";

/** The few steps that break a system without one rule, over the real engine and client. */
export interface Scenario {
  readonly name: string;
  /** The rule of the design it is about, and what that says. */
  readonly rule: string;
  readonly shards?: number;
  /** How long the play may take, in ms of true time. */
  readonly lastsMs: number;
  play(stage: Stage): Promise<void>;
}

/** How a client asks for a lock. */
export interface Request {
  readonly waitMs?: number;
  readonly mode?: Mode;
}

/**
 * A world without chance: exact clocks, a network that takes one millisecond, and no faults but
 * those told.
 */
export class Stage {
  readonly world: World;
  /** What was said and done, with the time. */
  readonly lines: string[] = [];
  /** What turned out otherwise than the rule has it. */
  readonly disappointments: string[] = [];
  readonly #director: SimulatedProcess;

  constructor(shardCount: number) {
    this.world = new World({
      seed: 1,
      keepTrace: true,
      shards: Array.from({ length: shardCount }, () => exactClocks),
      delayMs: { minMs: 1, maxMs: 1 },
    });
    this.#director = new SimulatedProcess(this.world.simulation, "director");
    this.world.recorder.beforeGrantEnds(() => {
      for (const actor of this.#actors) actor.beliefs.use();
    });
  }

  readonly #actors: Actor[] = [];

  router(name: string): RouterSite {
    return this.world.startRouter(`${name}:7420`, exactClocks);
  }

  /** A client that takes locks under a session of `ttlMs`, or each with a ttl of its own. */
  client(
    name: string,
    routers: readonly RouterSite[],
    options: { readonly ttlMs: number; readonly ownTtl?: boolean },
  ): Actor {
    const actor = new Actor(this.world, name, routers, options);
    this.#actors.push(actor);
    return actor;
  }

  /** Goes on when the world's clock says so. */
  async until(atMs: number): Promise<void> {
    await sleep(this.#director, Math.max(0, atMs - this.world.simulation.nowMs));
  }

  tell(text: string): void {
    const { nowMs } = this.world.simulation;
    this.lines.push(`${(nowMs / 1_000).toFixed(3).padStart(8)} s  ${text}`);
    this.world.recorder.note("---", text);
  }

  /** What the rule promises. */
  expect(holds: boolean, text: string): void {
    this.tell(`${holds ? "as it should be" : "BROKEN"}: ${text}`);
    if (!holds) this.disappointments.push(text);
  }
}

/** One client of a scenario. */
export class Actor {
  readonly process: SimulatedProcess;
  readonly parts: ClientParts;
  readonly beliefs: Beliefs;
  readonly #taker: LockTaker;
  readonly #ttlMs: number;
  readonly #endBelief = new Map<TakenLock, () => void>();
  #requests = 0;

  constructor(
    world: World,
    name: string,
    routers: readonly RouterSite[],
    { ttlMs, ownTtl = false }: { readonly ttlMs: number; readonly ownTtl?: boolean },
  ) {
    const { simulation, network, recorder } = world;
    this.process = new SimulatedProcess(simulation, name, exactClocks);
    const { process } = this;
    const transport = new SimulatedTransport(
      process,
      network,
      (endpoint) => world.routers.get(endpoint)?.host,
    );
    const endpoints = routers.map((router) => router.process.name);
    const ports = { transport, clock: process, random: process.random };
    this.parts = new ClientParts(ports, endpoints, requestTimeoutMs);
    this.beliefs = new Beliefs(process, recorder, true);
    this.#taker = ownTtl
      ? new OwnTtlTaker(this.parts.leasedLocks, process, false)
      : new SessionTaker(this.parts.sessionLocks);
    this.#ttlMs = ttlMs;
    recorder.add({ kind: "process", name, role: "client", state: "started" });
  }

  /** Tries for a lock, or waits for it. */
  async ask(lock: string, { waitMs = 0, mode = "exclusive" }: Request = {}) {
    const request = `${this.process.name}/${this.#requests++}`;
    const { signal } = new AbortController();
    const ttlMs = this.#ttlMs;
    const taken = await this.#taker.take({
      request,
      lock: `ns/${lock}`,
      mode,
      ttlMs,
      waitMs,
      signal,
    });
    if (!isRefusal(taken)) this.#endBelief.set(taken, this.beliefs.begin(request, taken));
    return taken;
  }

  /** The same, where a refusal would spoil the scenario. */
  async take(lock: string, request?: Request): Promise<TakenLock> {
    const taken = await this.ask(lock, request);
    invariant(!isRefusal(taken), `${this.process.name} did not get ${lock}`);
    return taken;
  }

  /** The same for a client whose locks have a ttl of their own. */
  async takeLeased(lock: string, request?: Request): Promise<LeasedHold> {
    const taken = await this.take(lock, request);
    invariant(taken instanceof LeasedHold, `${this.process.name} takes locks under a session`);
    return taken;
  }

  async release(taken: TakenLock): Promise<void> {
    this.#endBelief.get(taken)?.();
    await taken.release();
  }
}

/** Tells a refusal from a lock. */
export function isRefusal(taken: TakenLock | Refusal): taken is Refusal {
  return "refused" in taken;
}
