import { SeededRandom } from "@holdfast/base/random";
import { expect, test } from "vitest";
import { runDuplicatesDrill } from "./duplicates.ts";
import { duplicatesLine } from "./duplicates-line.ts";
import { etcdMissing } from "./etcd-found.ts";
import { startRegion } from "./region.ts";

test("copies of one request, at once and through two routers, are one request", async (context) => {
  if (etcdMissing !== undefined) context.skip(`no etcd: ${etcdMissing}`);
  await using region = await startRegion();
  const result = await runDuplicatesDrill(region, new SeededRandom(1), 80);
  console.log(duplicatesLine(result));
  expect(result.problems, region.logs()).toEqual([]);
  expect(result.granted).toBeGreaterThan(200);
});
