import { failure } from "@holdfast/base/failure";
import { expect, test } from "vitest";
import type { HoldfastClient } from "./holdfast-client.ts";
import { codeOf, type Rig, rigOf, unknown } from "./testing/rig.ts";

const held = { kind: "held", holders: [], queueLength: 0, retryAfterMs: 250 } as const;
const cancelled = { kind: "cancelled", found: false } as const;
const scope = "global";

/** The code of what an acquire throws, once it does. */
function toldOf(acquiring: Promise<unknown>): string[] {
  const told: string[] = [];
  void codeOf(acquiring).then((code) => told.push(code));
  return told;
}

/** The copy that is under way is refused; its caller hears of it when the other is cancelled. */
async function expectToldOnceCancelled({ clock, net }: Rig, told: readonly string[]) {
  net.next("acquire").answer(held);
  await clock.advance(1_000);
  expect(told).toEqual([]);
  net.next("cancel").answer(cancelled);
  await clock.advance(0);
  expect(told).toEqual(["TIMEOUT"]);
}

test("that it is held is told once the request under a session that ended is cancelled", async () => {
  const rig = await rigOf();
  const { clock, net, client } = rig;
  const told = toldOf(client.acquire("order"));
  await clock.advance(0);
  net.next("acquire").answer(unknown);
  await clock.advance(1_000);
  net.next("acquire").answer(failure("SESSION_EXPIRED", "Unknown here."));
  await clock.advance(1_000);
  // Under the next session; the first copy may have the lock under the one before.
  await expectToldOnceCancelled(rig, told);
});

test.each([
  ["a session", (client: HoldfastClient) => client.acquire("order", { scope })],
  ["a ttl", (client: HoldfastClient) => client.acquireLeased("order", { scope, ttl: "6s" })],
])("a repeat under %s is refused once its first copy is cancelled, too", async (_what, acquire) => {
  const rig = await rigOf();
  const { clock, net, client } = rig;
  const told = toldOf(acquire(client));
  await clock.advance(0);
  net.next("acquire").answer(unknown);
  await clock.advance(1_000);
  await expectToldOnceCancelled(rig, told);
});

test("a caller that gives up while that is found out hears at once that it did", async () => {
  const { clock, net, client } = await rigOf();
  const caller = new AbortController();
  const told = toldOf(client.acquire("order", { scope, signal: caller.signal }));
  await clock.advance(0);
  net.next("acquire").answer(unknown);
  await clock.advance(1_000);
  net.next("acquire").answer(held);
  await clock.advance(0);
  caller.abort();
  await clock.advance(0);
  expect(told).toEqual(["CANCELLED"]);
  expect(net.pending("cancel")).toHaveLength(1);
});
