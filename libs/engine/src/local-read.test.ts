import type { RequestId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { call, TestRegion } from "./testing/region.ts";

const lock = { region: "here", namespace: "default", name: "l" };

function force(here: TestRegion, requestId: string) {
  const who = { actor: "ops", reason: "stuck" };
  const command = {
    kind: "force-release",
    lock,
    requestId: requestId as RequestId,
    ...who,
  } as const;
  return here.router().execute(command, call());
}

test("a repeated force release takes nothing from the next holder", async () => {
  const here = new TestRegion(1);
  await here.start();
  const session = await here.open();
  const first = await here.grant({ session, owner: "first" });
  const outcome = await force(here, "r1");
  expect(outcome).toMatchObject({ released: [{ owner: "first", grantId: first.grantId }] });
  const next = await here.grant({ session, owner: "next" });
  expect(await force(here, "r1")).toMatchObject({
    released: [{ owner: "first", grantId: first.grantId, token: first.token }],
  });
  expect(await here.acquire({ session })).toMatchObject({ kind: "held" });
  expect(await force(here, "r2")).toMatchObject({ released: [{ grantId: next.grantId }] });
});

test("a force release takes the lock from every holder, however many they are", async () => {
  const here = new TestRegion(1);
  await here.start();
  const session = await here.open();
  for (let index = 0; index < 100; index++) await here.grant({ session, mode: "shared" });
  const outcome = await force(here, "r1");
  expect(outcome.kind === "force-released" && outcome.released.length).toBe(100);
  expect(await here.acquire({ session })).toMatchObject({ kind: "granted" });
});
