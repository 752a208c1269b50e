import { failure } from "@holdfast/base/failure";
import { expect, test } from "vitest";
import { granted, leaseIn, rigOf, ttlMs } from "./testing/rig.ts";

test("a global grant that names no leases needs its one lease and renewals of its own", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global" });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  sent.answer(granted(sent.command, { lease: leaseIn("s0", 1), validForMs: 6_000 }));
  const lock = await acquiring;
  await rig.clock.advance(10 * ttlMs);
  expect(lock.state).toBe("held");
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) =>
    command.kind === "renew" ? failure("NO_QUORUM", "Not now.") : rest(command, endpoint);
  await rig.clock.advance(ttlMs);
  expect(lock.lost?.why).toBe("expired");
});

test("such a grant is renewed by what it is told, however long its session may be silent", async () => {
  const rig = await rigOf({ ttl: 10 * ttlMs });
  const acquiring = rig.client.acquire("order", { scope: "global" });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  const rest = rig.net.script;
  let lost = 0;
  rig.net.script = (command, endpoint) => {
    if (command.kind !== "renew") return rest(command, endpoint);
    // Every second one is lost on the way.
    return lost++ % 2 === 1 ? undefined : { kind: "renewed", validForMs: 4_000 };
  };
  sent.answer(granted(sent.command, { lease: leaseIn("s0", 1), validForMs: 4_000 }));
  const lock = await acquiring;
  await rig.clock.advance(20 * ttlMs);
  expect(lock.state).toBe("held");
});

test("a renewal of such a grant that is answered late counts, and others are asked for meanwhile", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global" });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  sent.answer(granted(sent.command, { lease: leaseIn("s0", 1), validForMs: 4_000 }));
  const lock = await acquiring;
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) =>
    command.kind === "renew" ? undefined : rest(command, endpoint);
  await rig.clock.advance(3_000);
  const asked = rig.net.pending("renew");
  expect(asked.length).toBeGreaterThan(1);
  asked[0]?.answer({ kind: "renewed", validForMs: 4_000 });
  await rig.clock.advance(0);
  expect(lock.validForMs).toBe((asked[0]?.atMs ?? 0) + 4_000 - rig.clock.monotonicMs());
});

test("a router is not left because what vouches for such a grant answers nothing", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global" });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  sent.answer(granted(sent.command, { lease: leaseIn("s0", 1), validForMs: 4_000 }));
  const lock = await acquiring;
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) =>
    command.kind === "renew" ? undefined : rest(command, endpoint);
  const before = rig.net.open;
  const opened = new Set<string>();
  lock.onStateChange(() => opened.add(rig.net.open.join()));
  for (let turns = 0; turns < 50; turns++) {
    await rig.clock.advance(100);
    opened.add(rig.net.open.join());
  }
  expect([[...opened], lock.lost?.why]).toEqual([[before.join()], "expired"]);
});

test("such a grant that comes long after it was asked for is renewed before it is believed", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global", wait: "10m" });
  await rig.clock.advance(100_000);
  const sent = rig.net.next("acquire");
  sent.answer(granted(sent.command, { lease: leaseIn("s0", 1), validForMs: 6_000 }));
  await rig.clock.advance(1_000);
  const lock = await acquiring;
  expect(lock.validForMs).toBeGreaterThan(6_000);
});

test("no heartbeat is waited for by such a grant while those of its lease are answered", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global", wait: "10m" });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  const lease = leaseIn("s0", 1);
  sent.leases([lease]);
  await rig.clock.advance(100_000);
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) =>
    command.kind === "heartbeat" ? undefined : rest(command, endpoint);
  sent.answer(granted(sent.command, { lease, validForMs: 6_000 }));
  await rig.clock.advance(0);
  expect(rig.net.all("renew").length).toBe(1);
  expect((await acquiring).state).toBe("held");
});
