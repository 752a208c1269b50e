import { setTimeout as sleep } from "node:timers/promises";
import { ActorProcess } from "../actor-process.ts";
import type { HandOverAnswer, WaitersRequest } from "../actors/waiters.ts";
import type { Figures } from "../figures.ts";
import { rssBytesOf } from "../process-usage.ts";
import type { Stage } from "./stage.ts";

const waitersCount = 10_000;
const warmUpCount = 1_000;
const handOvers = 300;

/** What a long queue costs the router, and how fast the lock goes along it. */
export async function measureWaiters(stage: Stage): Promise<Figures> {
  const actor = await ActorProcess.start("waiters", stage.settings, stage.execArgv);
  const ask = <T>(request: WaitersRequest): Promise<T> => actor.request<T>(request);
  try {
    await ask({ do: "warm-up", waiters: warmUpCount });
    // A queue that nobody is in any more is followed for a moment, in case somebody comes.
    await sleep(2_000);
    const before = await livingBytes(stage);
    await ask({ do: "queue", waiters: waitersCount });
    const after = await livingBytes(stage);
    const bytesEach = (after.living - before.living) / waitersCount;
    stage.report(`  ${waitersCount} in line, ${Math.round(bytesEach)} bytes each`);
    const { handOver, rawCommit } = await ask<HandOverAnswer>({
      do: "hand-over",
      times: handOvers,
    });
    stage.report(`  hand-over ${handOver.p50Ms.toFixed(2)} ms, raw ${rawCommit.p50Ms.toFixed(2)}`);
    return {
      "waiters.bytes_each": bytesEach,
      "waiters.rss_bytes_each": (after.rss - before.rss) / waitersCount,
      "waiters.handover_commits": handOver.p50Ms / rawCommit.p50Ms,
      "waiters.handover_p50_ms": handOver.p50Ms,
      "waiters.handover_p99_ms": handOver.p99Ms,
      "waiters.raw_commit_p50_ms": rawCommit.p50Ms,
      "waiters.waiting": waitersCount,
    };
  } finally {
    await actor.stop();
  }
}

/** What the router cannot do without, and what the system counts against it. */
async function livingBytes(stage: Stage): Promise<{ living: number; rss: number }> {
  const { heapUsed, external } = await stage.holdfast.routerMemory();
  return { living: heapUsed + external, rss: rssBytesOf(stage.holdfast.routerPid) };
}
