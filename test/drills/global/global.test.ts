import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startPlatform, type WanPlatform } from "../../wan/wan-platform.ts";
import { etcdMissing } from "../etcd-found.ts";
import { drillBuilds } from "./drill-builds.ts";
import { isAlone, platformFor } from "./global-catalogue.ts";
import { globalDrills } from "./global-drills.ts";
import { globalLines } from "./global-lines.ts";
import { runGlobalDrill } from "./run-global-drill.ts";

const { coordinators, clients } = drillBuilds();

let platform: WanPlatform;

beforeAll(async () => {
  if (etcdMissing === undefined) platform = await startPlatform({ build: coordinators });
});

afterAll(async () => {
  if (etcdMissing === undefined) await platform[Symbol.asyncDispose]();
});

describe("global locks over three regions", () => {
  test.for(globalDrills)("$name: $about", async (drill, context) => {
    if (etcdMissing !== undefined) context.skip(`no etcd: ${etcdMissing}`);
    const settings = { seconds: drill.shortSeconds, seed: 1, isShort: true, clients };
    await using own = isAlone(drill)
      ? await startPlatform(platformFor(drill, coordinators))
      : undefined;
    const result = await runGlobalDrill(own ?? platform, drill, settings);
    const lines = globalLines(drill.name, result).join("\n");
    console.log(lines);
    const { verdict, shortfalls, problems } = result;
    const { violations, unchecked } = verdict;
    const why = `${lines}\n${(own ?? platform).logs()}`;
    expect({ violations, unchecked, shortfalls, problems }, why).toEqual({
      ...{ violations: [], unchecked: [], shortfalls: [], problems: [] },
    });
  });
});
