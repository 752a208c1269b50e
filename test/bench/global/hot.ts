import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import { median } from "../percentile.ts";
import type { CrowdAnswer, CrowdRequest } from "./crowd-actor.ts";
import { type ProposalCount, proposalsOf } from "./proposals.ts";
import { RegisterHistory } from "./register-history.ts";
import type { WanStage } from "./wan-stage.ts";

const clientsInAll = 200;
/** All of the line forms, and goes along once or twice. */
const warmupMs = 5_000;
const measureMsMin = 10_000;
const contenders = ["holdfast", "stretched"] as const;

/** One lock that 200 clients in three regions want, by turns with the stretched cluster. */
export async function measureHot(
  stage: WanStage,
  rounds: number,
  roundMs: number,
): Promise<Figures> {
  const measureMs = Math.max(measureMsMin, roundMs);
  const perS: Record<(typeof contenders)[number], number[]> = { holdfast: [], stretched: [] };
  const counts: ProposalCount[] = [];
  const withStart: ProposalCount[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const lock = `hot/${round}`;
      const history =
        contender === "holdfast" ? await RegisterHistory.watch(shardsOf(stage), lock) : undefined;
      try {
        const { handOvers, fromMs } = await scramble(stage, contender, lock, measureMs);
        perS[contender].push((handOvers / measureMs) * 1_000);
        const writes = (await history?.read()) ?? [];
        if (history !== undefined) {
          counts.push(proposalsOf(writes, fromMs));
          withStart.push(proposalsOf(writes));
        }
      } finally {
        history?.close();
      }
      stage.report(`  ${contender}: ${perS[contender].at(-1)?.toFixed(1)} hand-overs/s`);
    }
  }
  const sumOf = (all: readonly ProposalCount[], of: (count: ProposalCount) => number): number =>
    all.reduce((total, count) => total + of(count), 0);
  const sum = (of: (count: ProposalCount) => number): number => sumOf(counts, of);
  const made = sum((count) => count.made);
  const useful = sum((count) => count.useful);
  return {
    // The best round of each: what disturbs a round can only make it slower.
    "global.hot_vs_stretched": Math.max(...perS.holdfast) / Math.max(...perS.stretched),
    "global.hot_vs_stretched.median_of_rounds": median(perS.holdfast) / median(perS.stretched),
    "global.useful_share": useful / made,
    "global.useful_share.with_start":
      sumOf(withStart, (count) => count.useful) / sumOf(withStart, (count) => count.made),
    "global.hot.clients": clientsInAll,
    "global.hot.holdfast_hand_overs_per_s": Math.max(...perS.holdfast),
    "global.hot.stretched_hand_overs_per_s": Math.max(...perS.stretched),
    "global.hot.proposals": made,
    "global.hot.proposals_useful": useful,
    "global.hot.proposals_beaten": sum((count) => count.beaten),
    "global.hot.proposals_without_change": sum((count) => count.unchanged),
    "global.hot.prepares_alone": sum((count) => count.preparedOnly),
  };
}

async function scramble(
  stage: WanStage,
  contender: (typeof contenders)[number],
  lock: string,
  measureMs: number,
): Promise<{ readonly handOvers: number; readonly fromMs: number }> {
  const { regions } = stage.platform.wan;
  if (contender === "stretched") await stage.stretched.lead(stage.bestLeader);
  const actors = await Promise.all(
    regions.map((region) =>
      ActorProcess.start("crowd", { ...stage.settingsOf(region), contender }, stage.execArgv),
    ),
  );
  try {
    const ask = <T>(of: (index: number) => CrowdRequest): Promise<T[]> =>
      Promise.all(actors.map((actor, index) => actor.request<T>(of(index))));
    await ask((index) => {
      const clients = Math.floor((clientsInAll + index) / regions.length);
      return { do: "connect", lock, clients };
    });
    const fromMs = performance.now() + warmupMs;
    const answers = await ask<CrowdAnswer>(() => ({ do: "scramble", warmupMs, measureMs }));
    return { handOvers: answers.reduce((all, { grants }) => all + grants, 0), fromMs };
  } finally {
    await Promise.all(actors.map((actor) => actor.stop()));
  }
}

function shardsOf({ platform }: WanStage): string[][] {
  return platform.sites.map(({ shards }) => shards.flatMap(({ endpoints }) => endpoints));
}
