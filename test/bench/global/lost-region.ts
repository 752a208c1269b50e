import { setTimeout as sleep } from "node:timers/promises";
import { longestGap, type Window } from "../../wan/longest-gap.ts";
import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import type { ClaimAnswer, ClaimRequest } from "./claim-actor.ts";
import { machineMs, type ProbeAnswer, type ProbeRequest } from "./probe-actor.ts";
import type { WanStage } from "./wan-stage.ts";

const beforeMs = 3_000;
/** Longer than what was delegated there waits, by far. */
const lostMs = 12_000;
/** What comes back is a disturbance too. */
const afterMs = 3_000;
/** Between two losses: everything is as it was. */
const settleMs = 2_000;

/** What clients saw while `lost` was lost, by their region. */
interface Loss {
  readonly lost: string;
  /** The longest gap in their grants. */
  readonly gapMs: ReadonlyMap<string, number>;
  /** From the loss to their having a lock that was delegated to the lost region, and held there. */
  readonly delegatedMs: ReadonlyMap<string, number>;
}

/** The processes in one region. */
interface Clients {
  readonly probe: ActorProcess;
  readonly claims: ActorProcess;
}

/**
 * Kills all there is in a region, each in turn, and measures how long the clients of each region
 * get no global lock; those of the lost one live and must find another region's router. The locks
 * are new ones, so none was held or delegated in the region that is lost. Beside them one client in
 * each region waits for a lock of its own that was, from the moment of the loss.
 */
export async function measureLostRegions(stage: WanStage): Promise<Figures> {
  const { regions } = stage.platform.wan;
  const actors = new Map<string, Clients>();
  try {
    for (const region of regions) {
      const settings = stage.settingsOf(region);
      const probe = await ActorProcess.start("probe", settings, stage.execArgv);
      actors.set(region, {
        probe,
        claims: await ActorProcess.start("claims", settings, stage.execArgv),
      });
    }
    const losses: Loss[] = [];
    for (const region of regions) {
      const loss = await lose(stage, region, actors);
      stage.report(`  ${region} lost, longest gap in ms: ${described(loss.gapMs)}`);
      stage.report(`  ${region} lost, delegated, wait in ms: ${described(loss.delegatedMs)}`);
      losses.push(loss);
      await sleep(settleMs);
    }
    return gapFigures(losses);
  } finally {
    const all = [...actors.values()].flatMap(({ probe, claims }) => [probe, claims]);
    await Promise.all(all.map((actor) => actor.stop()));
  }
}

async function lose(
  { platform, report }: WanStage,
  lost: string,
  actors: ReadonlyMap<string, Clients>,
): Promise<Loss> {
  const site = platform.site(lost);
  const tell = (request: ProbeRequest): Promise<ProbeAnswer[]> =>
    Promise.all([...actors.values()].map(({ probe }) => probe.request<ProbeAnswer>(request)));
  const holder = actors.get(lost)?.claims;
  const order = (request: ClaimRequest) => holder?.request(request);
  const nameFor = (region: string): string => `delegated/${lost}/${region}`;
  await tell({ do: "begin" });
  for (const region of actors.keys()) await order({ do: "hold", lock: nameFor(region) });
  await sleep(beforeMs);
  const fromMs = machineMs();
  await site.kill();
  const claiming = claimAll(actors, nameFor);
  // Told below; until then its failure is nobody's.
  claiming.catch(() => {});
  await sleep(lostMs);
  await site.restore();
  await sleep(afterMs);
  const window: Window = { fromMs, untilMs: machineMs() };
  const answers = await tell({ do: "end" });
  const delegatedMs = new Map<string, number>();
  for (const [region, grantedMs] of await claiming) delegatedMs.set(region, grantedMs - fromMs);
  await order({ do: "drop" });
  const gapMs = new Map<string, number>();
  for (const [index, region] of [...actors.keys()].entries()) {
    const { grantedMs = [], failures = {} } = answers[index] ?? {};
    gapMs.set(region, longestGap(grantedMs, window));
    const kinds = Object.entries(failures).map(([code, count]) => `${count} ${code}`);
    if (kinds.length > 0) report(`  ${lost} lost, refused in ${region}: ${kinds.join(", ")}`);
  }
  return { lost, gapMs, delegatedMs };
}

/** Each region's client waits for its lock; when it got it, in ms of the machine's clock. */
async function claimAll(
  actors: ReadonlyMap<string, Clients>,
  nameFor: (region: string) => string,
): Promise<ReadonlyMap<string, number>> {
  const claimed = [...actors].map(async ([region, { claims }]) => {
    const request: ClaimRequest = { do: "claim", lock: nameFor(region) };
    const { grantedMs } = await claims.request<ClaimAnswer>(request);
    return [region, grantedMs] as const;
  });
  return new Map(await Promise.all(claimed));
}

function described(ms: ReadonlyMap<string, number>): string {
  return [...ms].map(([seenIn, each]) => `${seenIn} ${Math.round(each)}`).join(", ");
}

function gapFigures(losses: readonly Loss[]): Figures {
  const figures: Figures = {};
  const elsewhere: number[] = [];
  const own: number[] = [];
  const delegated: number[] = [];
  for (const { lost, gapMs, delegatedMs } of losses) {
    for (const [region, ms] of delegatedMs) {
      delegated.push(ms);
      figures[`global.gap.${lost}_lost.${region}_delegated_ms`] = ms;
    }
    for (const [region, ms] of gapMs) {
      (region === lost ? own : elsewhere).push(ms);
      figures[`global.gap.${lost}_lost.${region}_ms`] = ms;
    }
  }
  figures["global.gap_elsewhere_ms"] = Math.max(...elsewhere);
  figures["global.gap_lost_region_ms"] = Math.max(...own);
  figures["global.gap_delegated_ms"] = Math.max(...delegated);
  return figures;
}
