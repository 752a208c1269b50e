import { failure } from "@holdfast/base/failure";
import { expect, test } from "vitest";
import { endsIn, grantedIn, heldGlobally, rigOf, ttlMs } from "./testing/rig.ts";

const unknownHere = failure("SESSION_EXPIRED", "The session does not live in any shard here.");

test("a region that does not know a session that lives elsewhere is told of it", async () => {
  const rig = await rigOf();
  const held = await heldGlobally(rig);
  const acquiring = rig.client.acquire("other", { scope: "global" });
  await rig.clock.advance(0);
  const first = rig.net.next("acquire");
  first.answer(unknownHere);
  await rig.clock.advance(100);
  const { session } = first.command;
  expect(rig.net.all("open-session").at(-1)?.command).toMatchObject({ region: "global", session });
  const second = rig.net.next("acquire");
  expect(second.command.session).toBe(session);
  second.answer(grantedIn(second.command));
  expect((await acquiring).state).toBe("held");
  expect(held.state).toBe("held");
});

test("one that is not known there even then is followed by another one", async () => {
  const rig = await rigOf();
  await heldGlobally(rig);
  const acquiring = rig.client.acquire("other", { scope: "global" });
  await rig.clock.advance(0);
  const first = rig.net.next("acquire");
  first.answer(unknownHere);
  await rig.clock.advance(100);
  rig.net.next("acquire").answer(unknownHere);
  await rig.clock.advance(100);
  const third = rig.net.next("acquire");
  expect(third.command.session).not.toBe(first.command.session);
  third.answer(grantedIn(third.command));
  expect((await acquiring).state).toBe("held");
});

test("one that lives nowhere any more is followed by another one", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global", wait: "10m" });
  await rig.clock.advance(0);
  const first = rig.net.next("acquire");
  const rest = rig.net.script;
  endsIn(rig.net, "global", "us");
  await rig.clock.advance(ttlMs);
  first.answer(unknownHere);
  await rig.clock.advance(100);
  const second = rig.net.next("acquire");
  expect(second.command.session).not.toBe(first.command.session);
  rig.net.script = rest;
  second.answer(grantedIn(second.command));
  await rig.clock.advance(1_000);
  expect((await acquiring).state).toBe("held");
});
