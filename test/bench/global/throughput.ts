import { ActorProcess } from "../actor-process.ts";
import { bestOf, type Figures, measurementFigures } from "../figures.ts";
import { type Measurement, measureLoad, type ServerPids } from "../measured-load.ts";
import type { WanStage } from "./wan-stage.ts";

/**
 * Locks asked for at a time in each region: the best of these. The first one compiles the code;
 * more than the last one only wait for the processors.
 */
const candidates = [8, 64, 128] as const;
const probeMs = 1_500;
const warmupMs = 1_500;

/**
 * Global locks that nobody else wants, against local ones: by turns, at the same concurrency, in
 * all three regions at once.
 */
export async function measureThroughput(
  stage: WanStage,
  rounds: number,
  roundMs: number,
): Promise<Figures> {
  const scopes = ["global", "local"] as const;
  const loaders = {
    global: await startLoaders(stage, "global"),
    local: await startLoaders(stage, "local"),
  };
  const measured: Record<(typeof scopes)[number], Measurement[]> = { global: [], local: [] };
  try {
    const workers = await bestConcurrency(stage, loaders.global);
    for (let round = 0; round < rounds; round++) {
      for (const scope of round % 2 === 0 ? scopes : scopes.toReversed()) {
        const plan = { workers, warmupMs, measureMs: roundMs };
        const run = await measureLoad(loaders[scope], plan, pidsOf(stage));
        measured[scope].push(run);
        stage.report(`  ${scope}: ${described(run)}`);
      }
    }
  } finally {
    await Promise.all(scopes.flatMap((scope) => loaders[scope].map((loader) => loader.stop())));
  }
  const global = bestOf(measured.global);
  const local = bestOf(measured.local);
  if (global === undefined || local === undefined) throw new Error("no round was measured");
  return {
    "global.ops": global.pairsPerS,
    "global.cpu_vs_local": cpuUsOf(global) / cpuUsOf(local),
    ...measurementFigures("global.throughput", global),
    ...measurementFigures("global.throughput_local", local),
  };
}

/** Where global locks go through fastest: more is tried as long as it brings more. */
async function bestConcurrency(stage: WanStage, loaders: readonly ActorProcess[]): Promise<number> {
  let best = { workers: 0, pairsPerS: 0 };
  for (const workers of candidates) {
    const run = await measureLoad(
      loaders,
      { workers, warmupMs, measureMs: probeMs },
      pidsOf(stage),
    );
    stage.report(`  ${workers} in flight in each region: ${described(run)}`);
    if (run.pairsPerS < best.pairsPerS) break;
    best = { workers, pairsPerS: run.pairsPerS };
  }
  return best.workers;
}

function described({ pairsPerS, acquire, clientCpuUs, serverCpuUs, serverCpuUsBy }: Measurement) {
  const us = Math.round(clientCpuUs + serverCpuUs);
  const by = Object.entries({ client: clientCpuUs, ...serverCpuUsBy });
  const shares = by.map(([kind, of]) => `${kind} ${Math.round(of)}`).join(", ");
  const latency = `acquire p50 ${acquire.p50Ms.toFixed(0)} ms`;
  return `${Math.round(pairsPerS)} pairs/s, ${latency}, ${us} us of CPU a pair (${shares})`;
}

function startLoaders(stage: WanStage, scope: "local" | "global"): Promise<ActorProcess[]> {
  const { regions } = stage.platform.wan;
  return Promise.all(
    regions.map((region) =>
      ActorProcess.start("region-load", { ...stage.settingsOf(region), scope }, stage.execArgv),
    ),
  );
}

/** Of all regions; the relays stand for the network and are charged to nobody. */
function pidsOf({ platform }: WanStage): ServerPids {
  const pids: Record<string, readonly number[]> = {};
  for (const site of platform.sites) {
    for (const [kind, own] of Object.entries(site.pids())) {
      pids[kind] = [...(pids[kind] ?? []), ...own];
    }
  }
  return pids;
}

function cpuUsOf({ clientCpuUs, serverCpuUs }: Measurement): number {
  return clientCpuUs + serverCpuUs;
}
