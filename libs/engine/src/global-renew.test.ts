import { expect, test } from "vitest";
import { rigLock as lock, startRig } from "./testing/start-rig.ts";

test("a renewal whose keepalives are not answered is not told that its grant is lost", async () => {
  const world = await startRig();
  const { grantId, token } = await world.grant("east", { ttlMs: 6_000 });
  await world.clock.advance(1_000);
  const renewing = world.begin(
    "east",
    { kind: "renew", lock, grantId, token },
    { deadlineMs: world.clock.monotonicMs() + 2_500 },
  );
  // What the regions show is known by then; what they say of the session's leases is lost.
  await world.clock.advance(65);
  world.isolate("east");
  expect(await world.settle(renewing)).toMatchObject({ code: "NO_QUORUM" });
  world.isolate("east", false);
  const again = await world.run("east", { kind: "renew", lock, grantId, token });
  expect(again).toMatchObject({ kind: "renewed" });
});

test("a renewal is told that its grant is lost once two regions say that its leases ended", async () => {
  const world = await startRig();
  const { grantId, token } = await world.grant("east", { ttlMs: 6_000 });
  await world.clock.advance(9_000);
  const renewed = await world.run("east", { kind: "renew", lock, grantId, token });
  expect(renewed).toMatchObject({ code: "LOST" });
});
