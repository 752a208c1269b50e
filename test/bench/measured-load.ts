import type { ActorProcess } from "./actor-process.ts";
import type { LoadAnswer } from "./actors/loader.ts";
import type { LoadPlan } from "./closed-loop.ts";
import type { Latency } from "./percentile.ts";
import { cpuMsBetween, cpuMsByPid } from "./process-usage.ts";

/** One measured run of one contender. */
export interface Measurement {
  /** Of all loaders together. */
  readonly workers: number;
  readonly pairsPerS: number;
  readonly acquire: Latency;
  /** CPU time of a pair in microseconds, in the process that asks and in those that answer. */
  readonly clientCpuUs: number;
  readonly serverCpuUs: number;
  /** The same by kind of server, where there is more than one kind. */
  readonly serverCpuUsBy?: Readonly<Record<string, number>>;
}

/** Processes to charge with the work, by kind. */
export type ServerPids = Readonly<Record<string, readonly number[]>>;

/**
 * Lets loaders run a plan, all at once, and charges each process with the CPU time it took. The
 * latency is that of the loader that had the worst.
 */
export async function measureLoad(
  loaders: readonly ActorProcess[],
  plan: LoadPlan,
  serverPids: ServerPids,
): Promise<Measurement> {
  const servers = Object.entries(serverPids);
  const own = loaders.map(({ pid }) => pid);
  const serversBefore = servers.map(([, pids]) => cpuMsByPid(pids));
  const clientBefore = cpuMsByPid(own);
  const answers = await Promise.all(loaders.map((loader) => loader.request<LoadAnswer>(plan)));
  const pairsInAll = answers.reduce((sum, answer) => sum + answer.pairsInAll, 0);
  const perPair = (ms: number): number => (ms * 1_000) / Math.max(1, pairsInAll);
  const used = servers.map(([, pids], i) =>
    perPair(cpuMsBetween(serversBefore[i] ?? new Map(), cpuMsByPid(pids))),
  );
  return {
    workers: plan.workers * loaders.length,
    pairsPerS: answers.reduce((sum, { pairs, elapsedMs }) => sum + (pairs / elapsedMs) * 1_000, 0),
    // NaN is null on the way between processes.
    acquire: {
      p50Ms: Math.max(...answers.map(({ acquire }) => acquire.p50Ms ?? Number.NaN)),
      p99Ms: Math.max(...answers.map(({ acquire }) => acquire.p99Ms ?? Number.NaN)),
    },
    clientCpuUs: perPair(cpuMsBetween(clientBefore, cpuMsByPid(own))),
    serverCpuUs: used.reduce((sum, us) => sum + us, 0),
    ...(servers.length > 1
      ? { serverCpuUsBy: Object.fromEntries(servers.map(([kind], i) => [kind, used[i] ?? 0])) }
      : {}),
  };
}
