import { setTimeout as sleep } from "node:timers/promises";
import { Holdfast } from "@holdfast/client/holdfast";
import type { Lock } from "@holdfast/client/lock";
import { isLocalToken } from "@holdfast/core/delegation/delegation-state";
import type { Actor } from "../actors/actor.ts";
import type { Latency } from "../percentile.ts";
import { handOver } from "./hand-over.ts";
import type { LatencyPlan } from "./latency-actor.ts";
import { openOthers } from "./other-ways.ts";
import type { RegionSettings } from "./region-settings.ts";
import { Samples } from "./samples.ts";

/** What is timed by turns, of locks that are delegated to the region by then. */
export const delegatedSteps = [
  /** The acquire with which the region asks for a lock's delegation, and gets it. */
  "asked",
  "acquire",
  "release",
  /** From calling the release to the next in line, of the same region, having the lock. */
  "handOver",
  /** Locks of the region, for comparison. */
  "local",
  "localRelease",
  "localHandOver",
  /** The first acquire of a turn, with nothing under way for {@link pauseMs} before it. */
  "acquireAfterPause",
  "localAfterPause",
  "stretched",
  "rawCommit",
] as const;

/** One of them. */
export type DelegatedStep = (typeof delegatedSteps)[number];

/** What a region's clients saw. */
export interface DelegatedAnswer {
  readonly turns: number;
  readonly steps: Readonly<Record<DelegatedStep, Latency>>;
  /** Acquires and hand-overs that the register decided instead of the region; not timed. */
  readonly undelegated: number;
}

/** None of them is idle for so long that it is given back. */
const locksInUse = 5;
const warmUpTurns = 2 * locksInUse;
/** In it whoever works only when asked, a processor for one, falls asleep. */
const pauseMs = 100;
/** Acquires of a turn, each released; one more is handed over. */
export const pairsPerTurn = 8;
/** Hand-overs of a turn, one right after the other. */
export const lineLength = 4;
/** The third acquire in a row asks for the delegation. */
const acquiresMax = 10;

/** Takes a lock again and again until the region has it delegated; the last grant, still held. */
export async function acquireUntilDelegated(
  client: Holdfast,
  name: string,
  timed: (acquiring: Promise<Lock>) => Promise<Lock> = (acquiring) => acquiring,
): Promise<Lock> {
  for (let times = 0; times < acquiresMax; times++) {
    const acquiring = client.acquire(name, { scope: "global" });
    const lock = await (times === 2 ? timed(acquiring) : acquiring);
    if (isLocalToken(lock.token)) return lock;
    await lock.release();
  }
  throw new Error(`${name} was not delegated after ${acquiresMax} acquires in a row`);
}

/** What a client does with one lock that is delegated to its region, and with a local one. */
class Turns {
  /** Acquires and hand-overs that the register decided. */
  undelegated = 0;
  readonly #client: Holdfast;
  readonly #samples: Samples<DelegatedStep>;

  constructor(client: Holdfast, samples: Samples<DelegatedStep>) {
    this.#client = client;
    this.#samples = samples;
  }

  /** As often on both sides, so that both are as warm; but for the first, each after a pause. */
  async pairs(name: string): Promise<void> {
    await sleep(pauseMs);
    const { token, tookMs } = await this.#pair(name);
    if (isLocalToken(token)) this.#samples.note("acquireAfterPause", tookMs);
    await sleep(pauseMs);
    this.#samples.note("localAfterPause", await this.#localPair(name));
    for (let pair = 1; pair < pairsPerTurn; pair++) {
      await this.#pair(name);
      await this.#localPair(name);
    }
  }

  async handOvers(name: string): Promise<void> {
    const { lock: held } = await this.#acquire(name);
    for (const { token, tookMs } of await handOver(this.#client, held, "global", lineLength)) {
      this.#note("handOver", token, tookMs);
    }
    const local = await this.#samples.time("local", this.#client.acquire(name));
    for (const { tookMs } of await handOver(this.#client, local, "local", lineLength)) {
      this.#samples.note("localHandOver", tookMs);
    }
  }

  /** An acquire and a release of the delegated lock; what the acquire took. */
  async #pair(name: string): Promise<{ readonly token: bigint; readonly tookMs: number }> {
    const { lock, tookMs } = await this.#acquire(name);
    const { token } = lock;
    const startMs = performance.now();
    await lock.release();
    if (isLocalToken(token)) this.#samples.note("release", performance.now() - startMs);
    return { token, tookMs };
  }

  /** The same of a local lock. */
  async #localPair(name: string): Promise<number> {
    const startMs = performance.now();
    const lock = await this.#client.acquire(name);
    const tookMs = performance.now() - startMs;
    this.#samples.note("local", tookMs);
    await this.#samples.time("localRelease", lock.release());
    return tookMs;
  }

  async #acquire(name: string): Promise<{ readonly lock: Lock; readonly tookMs: number }> {
    const startMs = performance.now();
    const lock = await this.#client.acquire(name, { scope: "global" });
    const tookMs = performance.now() - startMs;
    this.#note("acquire", lock.token, tookMs);
    return { lock, tookMs };
  }

  #note(step: DelegatedStep, token: bigint, tookMs: number): void {
    if (isLocalToken(token)) this.#samples.note(step, tookMs);
    else this.undelegated++;
  }
}

/** One operation at a time, as in the measurement of what is not delegated. */
export async function delegated(settings: RegionSettings): Promise<Actor> {
  const { region } = settings;
  const samples = new Samples<DelegatedStep>();
  const client = await Holdfast.connect({ endpoints: settings.routers, owner: "bench" });
  const others = await openOthers(settings, samples);
  const made = new Turns(client, samples);
  let turns = 0;

  const turn = async (): Promise<void> => {
    const name = `delegated/${region}/${turns++ % locksInUse}`;
    await made.pairs(name);
    await made.handOvers(name);
    await others.turn(`${region}/${turns}`);
  };

  const prime = async (): Promise<void> => {
    for (let index = 0; index < locksInUse; index++) {
      const name = `delegated/${region}/${index}`;
      const timed = (acquiring: Promise<Lock>) => samples.time("asked", acquiring);
      const lock = await acquireUntilDelegated(client, name, timed);
      await lock.release();
    }
  };

  return {
    async perform(request) {
      const { measureMs } = request as LatencyPlan;
      await prime();
      const { asked } = samples.latencies(["asked"]);
      for (let warmUp = 0; warmUp < warmUpTurns; warmUp++) await turn();
      samples.clear();
      made.undelegated = 0;
      const fromTurn = turns;
      const endMs = performance.now() + measureMs;
      while (performance.now() < endMs) await turn();
      const steps = { ...samples.latencies(delegatedSteps), asked };
      const { undelegated } = made;
      return { turns: turns - fromTurn, steps, undelegated } satisfies DelegatedAnswer;
    },
    async close() {
      await Promise.all([client.close(), others.close()]);
    },
  };
}
