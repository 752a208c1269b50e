import { expect, test } from "vitest";
import { drainedRouterLine, runDrainedRouterDrill } from "./drained-router.ts";
import { etcdMissing } from "./etcd-found.ts";
import { startRegion } from "./region.ts";

test("a thousand clients find another router when theirs is drained, and lose nothing", async (context) => {
  if (etcdMissing !== undefined) context.skip(`no etcd: ${etcdMissing}`);
  await using region = await startRegion();
  const result = await runDrainedRouterDrill(region, 1_000);
  console.log(drainedRouterLine(result));
  expect(result, region.logs()).toMatchObject({ streams: 1_000, lost: 0 });
  expect(result.endedMs, region.logs()).toBeDefined();
});
