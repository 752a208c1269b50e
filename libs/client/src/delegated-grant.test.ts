import { failure } from "@holdfast/base/failure";
import { expect, test } from "vitest";
import type { Lock } from "./lock.ts";
import { granted, leaseIn, type Rig, rigOf, ttlMs } from "./testing/rig.ts";
import type { Script } from "./testing/scripted-transport.ts";

/** A global lock that is granted at once, for so long. */
async function acquired(rig: Rig, validForMs: number): Promise<Lock> {
  const acquiring = rig.client.acquire("order", { scope: "global" });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  sent.answer(granted(sent.command, { lease: leaseIn("s0", 1), validForMs }));
  return acquiring;
}

/** From now on commands of this kind are answered so; undefined: not at all. */
function answers(
  { net }: Rig,
  kind: "renew" | "heartbeat",
  answer: () => ReturnType<Script>,
): void {
  const rest = net.script;
  net.script = (command, endpoint) => (command.kind === kind ? answer() : rest(command, endpoint));
}

test("a global grant that names no leases needs its one lease and renewals of its own", async () => {
  const rig = await rigOf();
  const lock = await acquired(rig, 6_000);
  await rig.clock.advance(10 * ttlMs);
  expect(lock.state).toBe("held");
  answers(rig, "renew", () => failure("NO_QUORUM", "Not now."));
  await rig.clock.advance(ttlMs);
  expect(lock.lost?.why).toBe("expired");
});

test("such a grant is renewed by what it is told, however long its session may be silent", async () => {
  const rig = await rigOf({ ttl: 10 * ttlMs });
  const lock = await acquired(rig, 4_000);
  let asked = 0;
  // Every second one is lost on the way.
  const answer = { kind: "renewed", validForMs: 4_000 } as const;
  answers(rig, "renew", () => (asked++ % 2 === 1 ? undefined : answer));
  await rig.clock.advance(20 * ttlMs);
  expect(lock.state).toBe("held");
});

test("a renewal of such a grant that is answered late counts, and others are asked for meanwhile", async () => {
  const rig = await rigOf();
  const lock = await acquired(rig, 4_000);
  answers(rig, "renew", () => undefined);
  await rig.clock.advance(3_000);
  const asked = rig.net.pending("renew");
  expect(asked.length).toBeGreaterThan(1);
  asked[0]?.answer({ kind: "renewed", validForMs: 4_000 });
  await rig.clock.advance(0);
  expect(lock.validForMs).toBe((asked[0]?.atMs ?? 0) + 4_000 - rig.clock.monotonicMs());
});

test("a router is not left because what vouches for such a grant answers nothing", async () => {
  const rig = await rigOf();
  const lock = await acquired(rig, 4_000);
  answers(rig, "renew", () => undefined);
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

test("such a grant of which hardly anything is left is renewed before it is told", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global", wait: "10m" });
  const told: string[] = [];
  void acquiring.then(({ state }) => told.push(state));
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  const lease = leaseIn("s0", 1);
  sent.leases([lease]);
  await rig.clock.advance(5_000);
  answers(rig, "renew", () => undefined);
  sent.answer(granted(sent.command, { lease, validForMs: 5_900 }));
  await rig.clock.advance(20);
  expect(told).toEqual([]);
  for (const renew of rig.net.pending("renew")) {
    renew.answer({ kind: "renewed", validForMs: 5_900 });
  }
  await rig.clock.advance(20);
  expect(told).toEqual(["held"]);
  expect((await acquiring).validForMs).toBeGreaterThan(5_000);
});

test("no heartbeat is waited for by such a grant while those of its lease are answered", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global", wait: "10m" });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  const lease = leaseIn("s0", 1);
  sent.leases([lease]);
  await rig.clock.advance(100_000);
  answers(rig, "heartbeat", () => undefined);
  sent.answer(granted(sent.command, { lease, validForMs: 6_000 }));
  await rig.clock.advance(0);
  expect(rig.net.all("renew").length).toBe(1);
  expect((await acquiring).state).toBe("held");
});

test("such a grant that nobody vouches for is given up after a ttl, and the lock asked for anew", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global", wait: "10m" });
  await rig.clock.advance(100_000);
  answers(rig, "renew", () => failure("NO_QUORUM", "Not now."));
  const first = rig.net.next("acquire");
  const lease = leaseIn("s0", 1);
  first.answer(granted(first.command, { lease, validForMs: 6_000 }));
  await rig.clock.advance(2 * ttlMs);
  const cancelled = new Set(rig.net.all("cancel").map(({ command }) => command.grantId));
  expect(cancelled.size).toBe(1);
  const second = rig.net.next("acquire");
  expect(second.command.requestId).not.toBe(first.command.requestId);
  expect(second.command.resent).toBeUndefined();
  answers(rig, "renew", () => ({ kind: "renewed", validForMs: 6_000 }));
  second.answer(granted(second.command, { lease, validForMs: 6_000 }));
  await rig.clock.advance(1_000);
  expect((await acquiring).state).toBe("held");
});
