import { setTimeout as sleep } from "node:timers/promises";
import { longestGap, type Window } from "../../wan/longest-gap.ts";
import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import { machineMs, type ProbeAnswer, type ProbeRequest } from "./probe-actor.ts";
import type { WanStage } from "./wan-stage.ts";

const beforeMs = 3_000;
const lostMs = 8_000;
/** What comes back is a disturbance too. */
const afterMs = 3_000;
/** Between two losses: everything is as it was. */
const settleMs = 2_000;

/** The longest gaps in the grants of each region's clients while `lost` was lost. */
interface Loss {
  readonly lost: string;
  readonly gapMs: ReadonlyMap<string, number>;
}

/**
 * Kills all there is in a region, each in turn, and measures how long the clients of each region
 * get no global lock; those of the lost one live and must find another region's router. The locks
 * are new ones, so none was held or delegated in the region that is lost.
 */
export async function measureLostRegions(stage: WanStage): Promise<Figures> {
  const { regions } = stage.platform.wan;
  const actors = new Map<string, ActorProcess>();
  try {
    for (const region of regions) {
      const settings = stage.settingsOf(region);
      actors.set(region, await ActorProcess.start("probe", settings, stage.execArgv));
    }
    const losses: Loss[] = [];
    for (const region of regions) {
      const loss = await lose(stage, region, actors);
      const gaps = [...loss.gapMs].map(([seenIn, ms]) => `${seenIn} ${Math.round(ms)}`);
      stage.report(`  ${region} lost, longest gap in ms: ${gaps.join(", ")}`);
      losses.push(loss);
      await sleep(settleMs);
    }
    return gapFigures(losses);
  } finally {
    await Promise.all([...actors.values()].map((actor) => actor.stop()));
  }
}

async function lose(
  { platform, report }: WanStage,
  lost: string,
  actors: ReadonlyMap<string, ActorProcess>,
): Promise<Loss> {
  const site = platform.site(lost);
  const tell = (request: ProbeRequest): Promise<ProbeAnswer[]> =>
    Promise.all([...actors.values()].map((actor) => actor.request<ProbeAnswer>(request)));
  await tell({ do: "begin" });
  await sleep(beforeMs);
  const fromMs = machineMs();
  await site.kill();
  await sleep(lostMs);
  await site.restore();
  await sleep(afterMs);
  const window: Window = { fromMs, untilMs: machineMs() };
  const answers = await tell({ do: "end" });
  const gapMs = new Map<string, number>();
  for (const [index, region] of [...actors.keys()].entries()) {
    const { grantedMs = [], failures = {} } = answers[index] ?? {};
    gapMs.set(region, longestGap(grantedMs, window));
    const kinds = Object.entries(failures).map(([code, count]) => `${count} ${code}`);
    if (kinds.length > 0) report(`  ${lost} lost, refused in ${region}: ${kinds.join(", ")}`);
  }
  return { lost, gapMs };
}

function gapFigures(losses: readonly Loss[]): Figures {
  const figures: Figures = {};
  const elsewhere: number[] = [];
  const own: number[] = [];
  for (const { lost, gapMs } of losses) {
    for (const [region, ms] of gapMs) {
      (region === lost ? own : elsewhere).push(ms);
      figures[`global.gap.${lost}_lost.${region}_ms`] = ms;
    }
  }
  figures["global.gap_elsewhere_ms"] = Math.max(...elsewhere);
  figures["global.gap_lost_region_ms"] = Math.max(...own);
  return figures;
}
