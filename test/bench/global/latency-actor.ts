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
  const client = await Holdfast.connect({ endpoints: settings.routers, owner: "bench" });
  const store = new EtcdShardStore({ endpoints: settings.etcd, region, shard: "s0" });
  const direct = await openDirectSession(store);
  const stretched = await StretchedLocks.open(settings.stretched);
  const echoes = await Promise.all(
    Object.entries(settings.echoes).map(async ([to, address]) => ({
      to,
      echo: await openEcho(address),
    })),
  );
  const samples = new Map<string, number[]>();
  let turns = 0;

  const note = (what: string, ms: number): void => {
    const noted = samples.get(what);
    if (noted === undefined) samples.set(what, [ms]);
    else noted.push(ms);
  };
  const timed = async <T>(step: TimedStep, work: Promise<T>): Promise<T> => {
    const startMs = performance.now();
    const value = await work;
    note(step, performance.now() - startMs);
    return value;
  };
  /** Stands in line; resolves when the register has it there. */
  const standInLine = (name: string): Promise<{ readonly next: Promise<Lock> }> =>
    new Promise((resolve, reject) => {
      const onPosition = (): void => resolve({ next });
      const next = client.acquire(name, { scope: "global", onPosition });
      next.catch(reject);
    });

  const handOver = async (step: TimedStep, name: string, held: Lock): Promise<void> => {
    const { next } = await standInLine(name);
    const startMs = performance.now();
    const released = held.release();
    const last = await next;
    note(step, performance.now() - startMs);
    await released;
    await last.release();
  };
  const globalTurn = async (name: string): Promise<void> => {
    const acquire = (of: string) => client.acquire(of, { scope: "global", wait: 0 });
    const first = await timed("cold", acquire(name));
    await timed("release", first.release());
    const again = await timed("warm", acquire(name));
    await again.release();
    await handOver("handOverInARow", name, await timed("inARow", acquire(name)));
    const other = `${name}/line`;
    await handOver("handOver", other, await timed("cold", acquire(other)));
  };
  const otherTurns = async (name: string): Promise<void> => {
    const lock = await timed("local", client.acquire(name, { wait: 0 }));
    await lock.release();
    await timed("stretched", stretched.tryAcquire(name));
    await stretched.release(name);
    const grant = direct.next();
    const taken = await timed("rawCommit", store.commit(grant.acquire));
    if (taken.kind !== "committed") throw new Error(taken.message);
    await store.commit(grant.release(taken.revision));
    for (const { to, echo } of echoes) note(to, await echo.roundTripMs());
  };
  const turn = async (): Promise<void> => {
    const name = `latency/${region}/${turns++}`;
    await globalTurn(name);
    await otherTurns(name);
  };

  return {
    async perform(request) {
      const { measureMs } = request as LatencyPlan;
      for (let warmUp = 0; warmUp < warmUpTurns; warmUp++) await turn();
      samples.clear();
      const fromTurn = turns;
      const endMs = performance.now() + measureMs;
      while (performance.now() < endMs) await turn();
      const of = (what: string): number[] => samples.get(what) ?? [];
      const answer: LatencyAnswer = {
        turns: turns - fromTurn,
        steps: Object.fromEntries(
          timedSteps.map((step) => [step, latencyOf(of(step))]),
        ) as LatencyAnswer["steps"],
        rttMs: Object.fromEntries(echoes.map(({ to }) => [to, latencyOf(of(to)).p50Ms])),
      };
      return answer;
    },
    async close() {
      for (const { echo } of echoes) echo.close();
      store.close();
      await Promise.all([client.close(), stretched.close()]);
    },
  };
}
