import { Holdfast } from "@holdfast/client/holdfast";
import type { Actor } from "../actors/actor.ts";
import type { Latency } from "../percentile.ts";
import { handOver } from "./hand-over.ts";
import { openOthers } from "./other-ways.ts";
import type { RegionSettings } from "./region-settings.ts";
import { Samples } from "./samples.ts";

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
  /** From calling the release to the next in line, of the same region, having the lock. */
  "handOver",
  /** A lock of the region, for comparison. */
  "local",
  "stretched",
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
  const samples = new Samples<TimedStep>();
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
      return {
        turns: turns - fromTurn,
        steps: samples.latencies(timedSteps),
        rttMs: Object.fromEntries(destinations.map((to) => [to, samples.latency(to).p50Ms])),
      } satisfies LatencyAnswer;
    },
    async close() {
      await Promise.all([client.close(), others.close()]);
    },
  };
}

async function globalTurn(
  client: Holdfast,
  samples: Samples<TimedStep>,
  name: string,
): Promise<void> {
  const acquire = (of: string) => client.acquire(of, { scope: "global", wait: 0 });
  const first = await samples.time("cold", acquire(name));
  await samples.time("release", first.release());
  const again = await samples.time("warm", acquire(name));
  await again.release();
  const held = await samples.time("cold", acquire(`${name}/line`));
  for (const { tookMs } of await handOver(client, held, "global")) {
    samples.note("handOver", tookMs);
  }
}
