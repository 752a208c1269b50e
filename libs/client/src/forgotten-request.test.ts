import { failure } from "@holdfast/base/failure";
import { expect, test } from "vitest";
import { codeOf, grantedIn, type Rig, rigOf, ttlMs } from "./testing/rig.ts";
import type { Script } from "./testing/scripted-transport.ts";

/** No cancel succeeds any more; what answered before. */
function cancelsFail({ net }: Rig): Script {
  const rest = net.script;
  net.script = (command, endpoint) =>
    command.kind === "cancel" ? failure("NO_QUORUM", "Alone.") : rest(command, endpoint);
  return rest;
}

const held = { kind: "held", holders: [], queueLength: 0, retryAfterMs: 250 } as const;

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
  const rest = cancelsFail(rig);
  caller.abort();
  expect(await codeOf(acquiring)).toBe("CANCELLED");
  await rig.clock.advance(5 * ttlMs);
  net.script = rest;
  const before = net.all("cancel").length;
  await rig.clock.advance(2_000);
  expect(net.all("cancel").length).toBe(before + 1);
});

test("that it is held is told once no earlier request of the acquire can be granted", async () => {
  const rig = await rigOf();
  const { net } = rig;
  const rest = cancelsFail(rig);
  let told: string | undefined;
  void codeOf(rig.client.acquire("order", { scope: "global" })).then((code) => {
    told = code;
  });
  await rig.clock.advance(0);
  net.next("acquire").answer(failure("UNKNOWN_OUTCOME", "Forgotten.", { field: "request_id" }));
  await rig.clock.advance(1_000);
  net.next("acquire").answer(held);
  await rig.clock.advance(1_000);
  expect(told).toBeUndefined();
  net.script = (command, endpoint) =>
    command.kind === "cancel" ? { kind: "cancelled", found: false } : rest(command, endpoint);
  await rig.clock.advance(2_000);
  expect(told).toBe("TIMEOUT");
});

test("a failure after a change of session is unknown while the request under the first one is", async () => {
  const rig = await rigOf();
  const { net } = rig;
  cancelsFail(rig);
  const acquiring = codeOf(rig.client.acquire("order", { scope: "global" }));
  await rig.clock.advance(0);
  net.next("acquire").answer(failure("UNKNOWN_OUTCOME", "Unheard."));
  await rig.clock.advance(1_000);
  net.next("acquire").answer(failure("SESSION_EXPIRED", "Unknown here."));
  net.script = (command) =>
    ["cancel", "acquire", "open-session", "heartbeat"].includes(command.kind)
      ? failure("SHARD_UNAVAILABLE", "Away.")
      : undefined;
  await rig.clock.advance(60_000);
  expect(await acquiring).toBe("UNKNOWN_OUTCOME");
});
