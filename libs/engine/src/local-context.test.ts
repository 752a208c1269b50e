import { limits } from "@holdfast/core/limits";
import { expect, test } from "vitest";
import { mayTry } from "./local-context.ts";
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

test("an operation is tried once in any case, and again only until its deadline", async () => {
  const here = new TestRegion(1);
  await here.start();
  const [local] = here.locals;
  if (local === undefined) throw new Error("no router");
  const nowMs = here.clock.monotonicMs();
  const tries = (deadlineMs: number | undefined) => {
    let attempt = 0;
    while (mayTry(local.context, attempt, deadlineMs)) attempt++;
    return attempt;
  };
  expect([undefined, nowMs + 1, nowMs, nowMs - 1].map(tries)).toEqual([5, 5, 1, 1]);
});
