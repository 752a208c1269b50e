import { expect, test } from "vitest";
import { LockLostError } from "../lock-lost-error.ts";
import { FakeHoldfast } from "./fake-holdfast.ts";
import { codeOf } from "./rig.ts";

async function two() {
  const fake = new FakeHoldfast();
  const [mine, yours] = await Promise.all([
    fake.connect({ owner: "mine" }),
    fake.connect({ owner: "yours" }),
  ]);
  return { fake, clock: fake.clock, mine, yours };
}

test("a lock excludes others until it is released, and tokens rise", async () => {
  const { mine, yours } = await two();
  const lock = await mine.acquire("order");
  const refused = await yours.tryAcquire("order");
  expect(refused).toMatchObject({ granted: false, holder: { owner: "mine" }, queueLength: 0 });
  expect(await lock.release()).toBe("released");
  const taken = await yours.tryAcquire("order");
  expect(taken.granted && taken.lock.token > lock.token).toBe(true);
});

test("waiters are served in the order they came", async () => {
  const { fake, clock, mine } = await two();
  const first = await mine.acquire("order");
  const served: string[] = [];
  const waiters = await Promise.all(["a", "b", "c"].map((owner) => fake.connect({ owner })));
  const waits = waiters.map(async (client, index) => {
    await using lock = await client.acquire("order", { wait: "1m" });
    served.push(`${index} ${lock.state}`);
  });
  await clock.advance(0);
  await first.release();
  await clock.advance(0);
  await Promise.all(waits);
  expect(served).toEqual(["0 held", "1 held", "2 held"]);
});

test("a wait that is too long ends after exactly that time", async () => {
  const { clock, mine, yours } = await two();
  await mine.acquire("order");
  const waiting = codeOf(yours.acquire("order", { wait: "5s" }));
  await clock.advance(4_999);
  expect((await mine.get("order")).waiterCount).toBe(1);
  await clock.advance(1);
  expect(await waiting).toBe("TIMEOUT");
  expect((await mine.get("order")).waiterCount).toBe(0);
});

test("shared holders stand together and keep an exclusive one out", async () => {
  const { clock, mine, yours } = await two();
  const [one, two_] = await Promise.all([
    mine.acquire("table", { mode: "shared" }),
    yours.acquire("table", { mode: "shared" }),
  ]);
  const writer = mine.acquire("table", { wait: "10s" });
  await clock.advance(0);
  // It does not overtake the writer that waits.
  expect((await yours.tryAcquire("table", { mode: "shared" })).granted).toBe(false);
  await one.release();
  await two_.release();
  expect((await writer).mode).toBe("exclusive");
});

test("a client that is cut off loses its lock before the next one gets it", async () => {
  const { fake, clock, mine, yours } = await two();
  const lock = await mine.acquire("order", { ttl: "10s" });
  const waiting = yours.acquire("order", { wait: "1m" });
  await clock.advance(0);
  const { signal } = lock;
  let lostAtMs = 0;
  signal.addEventListener("abort", () => {
    lostAtMs = clock.monotonicMs();
  });
  let nextAtMs = 0;
  void waiting.then(() => {
    nextAtMs = clock.monotonicMs();
  });
  fake.cut();
  await clock.advance(9_700);
  expect([signal.aborted, (signal.reason as LockLostError).why]).toEqual([true, "expired"]);
  // The other client is cut off as well: it is back before its own session has ended.
  fake.mend();
  await clock.advance(5_000);
  await waiting;
  expect(lostAtMs).toBeLessThan(nextAtMs);
});

test("a lock lives on while time passes, and is lost when the process stands still", async () => {
  const { clock, mine } = await two();
  const lock = await mine.acquire("order", { ttl: "5s" });
  await clock.advance(120_000);
  expect(lock.state).toBe("held");
  clock.stall(6_000);
  expect(() => lock.assertHeld()).toThrow(LockLostError);
});

test("a force release is heard of at once", async () => {
  const { mine, yours } = await two();
  const lock = await mine.acquire("order");
  const { holders } = await yours.forceRelease("order", { reason: "stuck" });
  expect(holders.map(({ owner }) => owner)).toEqual(["mine"]);
  expect(lock.lost?.why).toBe("force-released");
});

test("a leased lock outlives its client and ends with its ttl", async () => {
  const { clock, mine, yours } = await two();
  const grant = await mine.acquireLeased("order", { ttl: "30s" });
  await mine.close();
  await clock.advance(25_000);
  await yours.renewHandle(grant.handle, { ttl: "30s" });
  await clock.advance(25_000);
  expect((await yours.tryAcquire("order")).granted).toBe(false);
  await clock.advance(6_000);
  expect((await yours.tryAcquire("order")).granted).toBe(true);
  expect(await yours.releaseHandle(grant.handle)).toBe("not-held");
  expect(await codeOf(yours.renewHandle(grant.handle))).toBe("LOST");
});

test("a leased acquire waits in line across many ttls", async () => {
  const { clock, mine, yours } = await two();
  const lock = await mine.acquire("order");
  const waiting = yours.acquireLeased("order", { ttl: "3s", wait: "1m" });
  await clock.advance(20_000);
  await lock.release();
  await clock.advance(0);
  expect((await waiting).validForMs).toBeGreaterThan(1_000);
});

test("closing a client frees its locks for others", async () => {
  const { mine, yours } = await two();
  await mine.acquire("order");
  await mine.close();
  expect((await yours.tryAcquire("order")).granted).toBe(true);
});

test("regions are apart: the same name in another one is another lock", async () => {
  const fake = new FakeHoldfast({ regions: ["east", "west"] });
  const client = await fake.connect({ region: "east" });
  const east = await client.acquire("order");
  const west = await client.tryAcquire("order", { region: "west" });
  expect([east.region, west.granted && west.lock.region]).toEqual(["east", "west"]);
});

test("a global lock is one over all regions, and another one than the local of its name", async () => {
  const fake = new FakeHoldfast({ regions: ["east", "west"] });
  const east = await fake.connect({ region: "east", owner: "east" });
  const west = await fake.connect({ region: "west", owner: "west" });
  const lock = await east.acquire("order", { scope: "global", ttl: "5s" });
  expect(lock.region).toBe("global");
  expect((await west.tryAcquire("order")).granted).toBe(true);
  const refused = await west.tryAcquire("order", { scope: "global" });
  expect(refused).toMatchObject({ granted: false, holder: { owner: "east" } });
  const listed: string[] = [];
  for await (const entry of west.list("", { scope: "global" })) listed.push(entry.holder.owner);
  expect(listed).toEqual(["east"]);
  fake.cut();
  await fake.clock.advance(5_000);
  expect(lock.lost?.why).toBe("expired");
  fake.mend();
  await fake.clock.advance(5_000);
  const taken = await west.tryAcquire("order", { scope: "global" });
  expect(taken.granted && taken.lock.token > lock.token).toBe(true);
});

test("locks are listed page by page and watched as they change", async () => {
  const { clock, mine, yours } = await two();
  const events: string[] = [];
  const watching = (async () => {
    for await (const event of yours.watch("order:*")) {
      events.push(
        event.kind === "WatchRestarted" ? event.kind : `${event.kind} ${event.lock.name}`,
      );
      if (events.length === 3) return;
    }
  })();
  await clock.advance(0);
  const locks = await mine.acquireMany(["order:1", "order:2", "other"], { allOrNothing: true });
  const names: string[] = [];
  for await (const { lock } of yours.list("order:", { pageSize: 1 })) names.push(lock.name);
  expect(names).toEqual(["order:1", "order:2"]);
  await locks[0]?.release();
  await watching;
  expect(events).toEqual(["LockAcquired order:1", "LockAcquired order:2", "LockEnded order:1"]);
});

test("the same seed gives the same run", async () => {
  const run = async () => {
    const { fake, clock, mine } = await two();
    const lock = await mine.acquire("order", { ttl: "5s" });
    const seen: string[] = [];
    lock.onStateChange((change) => seen.push(`${change.state} at ${clock.monotonicMs()}`));
    await clock.advance(12_345);
    fake.cut();
    await clock.advance(3_000);
    fake.mend();
    await clock.advance(30_000);
    return [...seen, lock.token, lock.grantId];
  };
  expect(await run()).toEqual(await run());
});
