import { failure } from "@holdfast/base/failure";
import { expect, test } from "vitest";
import { codeOf, grantedIn, rigOf, ttlMs } from "./testing/rig.ts";

test("a request that its register has forgotten is cancelled, and another one asked for", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global", wait: 20_000 });
  await rig.clock.advance(0);
  const first = rig.net.next("acquire");
  first.answer(failure("UNKNOWN_OUTCOME", "Forgotten.", { field: "request_id" }));
  await rig.clock.advance(2_000);
  expect(rig.net.all("cancel")).toHaveLength(1);
  const second = rig.net.next("acquire");
  expect(second.command.requestId).not.toBe(first.command.requestId);
  expect(second.command).not.toHaveProperty("resent");
  second.answer(grantedIn(second.command));
  expect((await acquiring).state).toBe("held");
});

test("one whose grant ended before anybody heard of it is followed by another one", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global", wait: 20_000 });
  await rig.clock.advance(0);
  const first = rig.net.next("acquire");
  first.answer(failure("UNKNOWN_OUTCOME", "Unheard."));
  await rig.clock.advance(2_000);
  rig.net.next("acquire").answer(failure("LOST", "It had the lock, and its session ended."));
  await rig.clock.advance(2_000);
  const third = rig.net.next("acquire");
  expect(third.command.requestId).not.toBe(first.command.requestId);
  third.answer(grantedIn(third.command));
  expect((await acquiring).state).toBe("held");
});

test("one that was given up is cancelled for as long as its session lives", async () => {
  const rig = await rigOf();
  const caller = new AbortController();
  const { signal } = caller;
  const acquiring = rig.client.acquire("order", { scope: "global", wait: "60s", signal });
  await rig.clock.advance(0);
  const { net } = rig;
  const rest = net.script;
  net.script = (command, endpoint) =>
    command.kind === "cancel" ? failure("NO_QUORUM", "Alone.") : rest(command, endpoint);
  caller.abort();
  expect(await codeOf(acquiring)).toBe("CANCELLED");
  await rig.clock.advance(5 * ttlMs);
  net.script = rest;
  const before = net.all("cancel").length;
  await rig.clock.advance(2_000);
  expect(net.all("cancel").length).toBe(before + 1);
});
