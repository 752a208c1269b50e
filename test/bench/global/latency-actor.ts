import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { Holdfast } from "@holdfast/client/holdfast";
import type { Lock } from "@holdfast/client/lock";
import type { Actor } from "../actors/actor.ts";
import { openDirectSession } from "../contenders/lock-transactions.ts";
import { type Latency, latencyOf } from "../percentile.ts";
import { openEcho } from "./echo.ts";
import type { RegionSettings } from "./region-settings.ts";
import { StretchedLocks } from "./stretched-lock.ts";

/** How long to go on. */
export interface LatencyPlan {
  readonly measureMs: number;
}

/** What is timed by turns, nothing else being under way in the region. */
export const timedSteps = [
  /** A global lock that nobody has used before. */
  "cold",
  /** Of a lock that was acquired here a moment ago. */
  "release",
  /** The same lock again: nobody else has used it since. */
  "warm",
  /** Once more: a region that acquires again and again may have been delegated the lock. */
  "inARow",
  /** From calling the release to the next in line, of the same region, having the lock. */
  "handOver",
  /** The same of a lock that the region acquires again and again. */
  "handOverInARow",
  /** A lock of the region, for comparison. */
  "local",
  /** A key created if absent in the stretched cluster, under a lease made beforehand. */
  "stretched",
  /** The transaction of a local acquire, straight to the region's own shard. */
  "rawCommit",
] as const;

/** One of them. */
export type TimedStep = (typeof timedSteps)[number];

/** What a region's clients saw. */
export interface LatencyAnswer {
  readonly turns: number;
  readonly steps: Readonly<Record<TimedStep, Latency>>;
  /** Round trips to the other regions, p50, in ms. */
  readonly rttMs: Readonly<Record<string, number>>;
}

/** Leases are made, code is compiled, connections are open. */
const warmUpTurns = 5;

/** One operation at a time: each contender meets the same seconds of the same machine. */
export async function latency(settings: RegionSettings): Promise<Actor> {
  const { region } = settings;
  const samples = new Samples();
  const client = await Holdfast.connect({ endpoints: settings.routers, owner: "bench" });
  const others = await openOthers(settings, samples);
  const destinations = Object.keys(settings.echoes);
  let turns = 0;

  const turn = async (): Promise<void> => {
    const name = `latency/${region}/${turns++}`;
    await globalTurn(client, samples, name);
    const lock = await samples.time("local", client.acquire(name, { wait: 0 }));
    await lock.release();
    await others.turn(name);
  };

  return {
    async perform(request) {
      const { measureMs } = request as LatencyPlan;
      for (let warmUp = 0; warmUp < warmUpTurns; warmUp++) await turn();
      samples.clear();
      const fromTurn = turns;
      const endMs = performance.now() + measureMs;
      while (performance.now() < endMs) await turn();
      const answer: LatencyAnswer = {
        turns: turns - fromTurn,
        steps: Object.fromEntries(
          timedSteps.map((step) => [step, samples.latency(step)]),
        ) as LatencyAnswer["steps"],
        rttMs: Object.fromEntries(destinations.map((to) => [to, samples.latency(to).p50Ms])),
      };
      return answer;
    },
    async close() {
      await Promise.all([client.close(), others.close()]);
    },
  };
}

/** Times, in ms, by what took them: a step, or the way to a region. */
class Samples {
  readonly #noted = new Map<string, number[]>();

  note(what: string, ms: number): void {
    const noted = this.#noted.get(what);
    if (noted === undefined) this.#noted.set(what, [ms]);
    else noted.push(ms);
  }

  async time<T>(step: TimedStep, work: Promise<T>): Promise<T> {
    const startMs = performance.now();
    const value = await work;
    this.note(step, performance.now() - startMs);
    return value;
  }

  latency(what: string): Latency {
    return latencyOf(this.#noted.get(what) ?? []);
  }

  clear(): void {
    this.#noted.clear();
  }
}

async function globalTurn(client: Holdfast, samples: Samples, name: string): Promise<void> {
  const acquire = (of: string) => client.acquire(of, { scope: "global", wait: 0 });
  /** Stands in line; resolves when the register has it there. */
  const standInLine = (of: string): Promise<{ readonly next: Promise<Lock> }> =>
    new Promise((resolve, reject) => {
      const onPosition = (): void => resolve({ next });
      const next = client.acquire(of, { scope: "global", onPosition });
      next.catch(reject);
    });
  const handOver = async (step: TimedStep, of: string, held: Lock): Promise<void> => {
    const { next } = await standInLine(of);
    const startMs = performance.now();
    const released = held.release();
    const last = await next;
    samples.note(step, performance.now() - startMs);
    await released;
    await last.release();
  };

  const first = await samples.time("cold", acquire(name));
  await samples.time("release", first.release());
  const again = await samples.time("warm", acquire(name));
  await again.release();
  await handOver("handOverInARow", name, await samples.time("inARow", acquire(name)));
  const other = `${name}/line`;
  await handOver("handOver", other, await samples.time("cold", acquire(other)));
}

/** What Holdfast is compared with, and what its times are counted in. */
async function openOthers(settings: RegionSettings, samples: Samples) {
  const { region, etcd: endpoints } = settings;
  const store = new EtcdShardStore({ endpoints, region, shard: "s0" });
  const direct = await openDirectSession(store);
  const stretched = await StretchedLocks.open(settings.stretched);
  const echoes = new Map<string, Awaited<ReturnType<typeof openEcho>>>();
  for (const [to, address] of Object.entries(settings.echoes)) {
    echoes.set(to, await openEcho(address));
  }
  return {
    async turn(name: string): Promise<void> {
      await samples.time("stretched", stretched.tryAcquire(name));
      await stretched.release(name);
      const grant = direct.next();
      const taken = await samples.time("rawCommit", store.commit(grant.acquire));
      if (taken.kind !== "committed") throw new Error(taken.message);
      await store.commit(grant.release(taken.revision));
      for (const [to, echo] of echoes) samples.note(to, await echo.roundTripMs());
    },
    async close(): Promise<void> {
      for (const echo of echoes.values()) echo.close();
      store.close();
      await stretched.close();
    },
  };
}
