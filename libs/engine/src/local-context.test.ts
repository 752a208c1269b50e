import { limits } from "@holdfast/core/limits";
import { expect, test } from "vitest";
import { TestRegion } from "./testing/region.ts";

test("a name in a hierarchical namespace has at most so many segments", async () => {
  const here = new TestRegion(1);
  await here.start();
  const session = await here.open();
  const at = (depth: number, namespace: string) =>
    here.acquire({
      session,
      lock: { region: "here", namespace, name: Array.from({ length: depth }, () => "a").join("/") },
    });
  expect(await at(limits.depthMax + 1, "tree")).toMatchObject({
    code: "INVALID_ARGUMENT",
    field: "lock.name",
  });
  expect(await at(128, "tree")).toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(await at(limits.depthMax, "tree")).toMatchObject({ kind: "granted" });
  expect(await at(128, "default")).toMatchObject({ kind: "granted" });
});
