import { setTimeout as sleep } from "node:timers/promises";
import { ActorProcess } from "../actor-process.ts";
import type { HoldersRequest } from "../actors/holders.ts";
import { bestOf, type Figures, measurementFigures } from "../figures.ts";
import { type Measurement, measureLoad } from "../measured-load.ts";
import { rssBytesOf } from "../process-usage.ts";
import type { Stage } from "./stage.ts";

const fewLocks = 1_000;
const manyLocks = 200_000;
const workers = 1_024;
const compactionMs = 3_000;

/** Whether throughput keeps up while many locks are held, and what a held lock costs. */
export async function measureHeld(stage: Stage, roundMs: number): Promise<Figures> {
  const { settings, execArgv, etcd, holdfast, report } = stage;
  const holders = await ActorProcess.start("holders", settings, []);
  const loader = await ActorProcess.start("load", { ...settings, contender: "holdfast" }, execArgv);
  const hold = (request: HoldersRequest): Promise<unknown> => holders.request(request);
  const round = async (): Promise<Measurement> => {
    await etcd.compact();
    // The followers go on compacting after the leader has answered, the longer the more is held.
    await sleep(compactionMs);
    const plan = { workers, warmupMs: 500, measureMs: roundMs };
    return measureLoad([loader], plan, { etcd: etcd.pids(), router: [holdfast.routerPid] });
  };
  const memory = async () => {
    const { heapUsed, external } = await holdfast.routerMemory();
    const etcdRss = etcd.pids().reduce((sum, pid) => sum + rssBytesOf(pid), 0);
    return { router: heapUsed + external, etcdRss, clientRss: rssBytesOf(holders.pid) };
  };
  try {
    await hold({ do: "hold", locks: fewLocks });
    // Its first run compiles the code.
    await round();
    // Few, many, many, few: what drifts over the minutes falls on both alike.
    const few = [await round()];
    const before = await memory();
    report(`  holding ${manyLocks} locks`);
    await hold({ do: "hold", locks: manyLocks });
    const after = await memory();
    const many = [await round(), await round()];
    await hold({ do: "drop" });
    await hold({ do: "hold", locks: fewLocks });
    few.push(await round());
    const [bestFew, bestMany] = [bestOf(few), bestOf(many)];
    if (bestFew === undefined || bestMany === undefined) throw new Error("no round was measured");
    const rounded = (runs: readonly Measurement[]) =>
      runs.map((run) => Math.round(run.pairsPerS)).join(" ");
    report(`  ${rounded(few)} pairs/s with few locks held, ${rounded(many)} with many`);
    const each = (key: keyof typeof after): number =>
      (after[key] - before[key]) / (manyLocks - fewLocks);
    return {
      "held.throughput_ratio": bestMany.pairsPerS / bestFew.pairsPerS,
      ...measurementFigures("held.few", bestFew),
      ...measurementFigures("held.many", bestMany),
      "held.few.rounds_pairs_per_s": rounded(few),
      "held.many.rounds_pairs_per_s": rounded(many),
      "held.locks": manyLocks,
      "held.router_bytes_each": each("router"),
      "held.etcd_rss_bytes_each_three_members": each("etcdRss"),
      "held.client_rss_bytes_each": each("clientRss"),
    };
  } finally {
    await Promise.all([holders.stop(), loader.stop()]);
  }
}
