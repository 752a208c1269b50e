import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import { expect, test } from "vitest";
import { HoldfastClient } from "./holdfast-client.ts";
import { answersAll, codeOf, heldLock, rigOf, ttlMs } from "./testing/rig.ts";
import { ScriptedTransport } from "./testing/scripted-transport.ts";

test("the nearest endpoint is used, and its region is every lock's", async () => {
  const clock = new ManualClock();
  const net = new ScriptedTransport(clock);
  net.router("far:1", "eu", 90).router("near:1", "us", 3).router("middle:1", "ap", 40);
  const connecting = HoldfastClient.over(
    { endpoints: ["far:1", "near:1", "middle:1"] },
    { transport: net, clock, random: new SeededRandom(1) },
  );
  await clock.advance(100);
  const client = await connecting;
  expect(client.region).toBe("us");
  expect(net.open).toEqual(["near:1"]);
});

test("the region does not change with the router", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  rig.net.down("a:1");
  rig.net.down("b:1");
  const acquiring = rig.client.acquire("order");
  await rig.clock.advance(1_000);
  expect((await acquiring).region).toBe("us");
  expect(rig.net.open).toEqual(["c:1"]);
  const lock = await rig.client.acquire("other");
  expect([rig.client.region, lock.region]).toEqual(["us", "us"]);
});

test("a session survives its router: same id, same leases, lock held throughout", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  const before = rig.net.all("acquire")[0]?.command.session;
  for (const endpoint of ["a:1", "b:1"]) {
    rig.net.down(endpoint);
    await rig.clock.advance(1_000);
  }
  expect(rig.net.open).toEqual(["c:1"]);
  expect(rig.net.all("heartbeat").at(-1)?.command.session).toBe(before);
  await rig.clock.advance(3 * ttlMs);
  expect(lock.state).toBe("held");
  expect(rig.net.all("open-session").length).toBe(1);
});

test("failover goes to the nearest of the others, and tries the lost one last", async () => {
  const rig = await rigOf();
  await heldLock(rig);
  rig.net.down("b:1");
  rig.net.down("a:1");
  rig.net.connects = [];
  await rig.clock.advance(1_000);
  expect(rig.net.connects.slice(0, 2)).toEqual(["b:1", "c:1"]);
});

test("while no router answers they are tried again and again, with pauses", async () => {
  const rig = await rigOf();
  await heldLock(rig);
  for (const endpoint of ["a:1", "b:1", "c:1"]) rig.net.down(endpoint);
  rig.net.connects = [];
  await rig.clock.advance(2 * ttlMs);
  const tries = rig.net.connects.length;
  expect(tries).toBeGreaterThan(10);
  expect(tries).toBeLessThan(80);
  rig.net.up("c:1");
  await rig.clock.advance(3_000);
  expect(rig.net.open).toEqual(["c:1"]);
});

test("a client that needs no router looks for none", async () => {
  const rig = await rigOf();
  rig.net.down("a:1");
  rig.net.connects = [];
  await rig.clock.advance(60_000);
  expect(rig.net.connects).toEqual([]);
});

test("a router that goes away is left before it stops, and its waiters repeat elsewhere", async () => {
  const rig = await rigOf();
  await heldLock(rig);
  const waiting = rig.client.acquire("other");
  void waiting.catch(() => {});
  await rig.clock.advance(0);
  const first = rig.net.next("acquire");
  rig.net.say({ kind: "go-away", drainMs: 5_000, reconnect: false });
  await rig.clock.advance(1_000);
  expect(rig.net.open).toEqual(["b:1"]);
  const again = rig.net.next("acquire");
  expect([again.endpoint, again.command.requestId]).toEqual(["b:1", first.command.requestId]);
});

test("an old connection is used until another one to the same router is there", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  const lock = await rig.client.acquire("order");
  rig.net.connects = [];
  rig.net.say({ kind: "go-away", drainMs: 3_600_000, reconnect: true });
  const sentBefore = rig.net.sent.length;
  const acquiring = rig.client.acquire("other");
  await rig.clock.advance(0);
  expect((await acquiring).state).toBe("held");
  expect(rig.net.sent.length).toBe(sentBefore + 1);
  await rig.clock.advance(1_000);
  expect([rig.net.connects, rig.net.open]).toEqual([["a:1"], ["a:1"]]);
  await rig.clock.advance(3 * ttlMs);
  expect(lock.state).toBe("held");
});

test("while nothing new answers where the old connection leads, the old one stays in use", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  rig.net.refuse("a:1");
  rig.net.connects = [];
  rig.net.say({ kind: "go-away", drainMs: 3_600_000, reconnect: true });
  await rig.clock.advance(10_000);
  expect(new Set(rig.net.connects)).toEqual(new Set(["a:1"]));
  expect(rig.net.connects.length).toBeLessThan(60);
  expect((await rig.client.acquire("order")).state).toBe("held");
  rig.net.up("a:1");
  await rig.clock.advance(2_000);
  expect(rig.net.open).toEqual(["a:1"]);
});

test("a router that stops while its old connection is replaced is left for another one", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  rig.net.refuse("a:1");
  rig.net.say({ kind: "go-away", drainMs: 3_600_000, reconnect: true });
  await rig.clock.advance(500);
  rig.net.say({ kind: "go-away", drainMs: 3_000, reconnect: false });
  await rig.clock.advance(2_000);
  expect(rig.net.open).toEqual(["b:1"]);
});

test("a router that is about to stop is used while there is no other", async () => {
  const rig = await rigOf({ endpoints: ["a:1"] });
  answersAll(rig.net);
  rig.net.refuse("a:1");
  rig.net.say({ kind: "go-away", drainMs: 3_000, reconnect: false });
  await rig.clock.advance(1_000);
  expect((await rig.client.acquire("order")).state).toBe("held");
  rig.net.up("a:1");
  await rig.clock.advance(2_000);
  expect(rig.net.open).toEqual(["a:1"]);
});

test("a router that says with its hello that it stops is not taken", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  rig.net.leaving("b:1");
  rig.net.connects = [];
  rig.net.down("a:1");
  const acquiring = rig.client.acquire("order");
  await rig.clock.advance(1_000);
  expect((await acquiring).state).toBe("held");
  expect(rig.net.connects.slice(0, 2)).toEqual(["b:1", "c:1"]);
  expect(rig.net.open).toEqual(["c:1"]);
});

test("a connection that takes too long is given up, and closed if it comes after all", async () => {
  const clock = new ManualClock();
  const net = new ScriptedTransport(clock).router("slow:1", "us", 30_000);
  const connecting = codeOf(
    HoldfastClient.over(
      { endpoints: ["slow:1"], requestTimeout: "3s" },
      { transport: net, clock, random: new SeededRandom(1) },
    ),
  );
  await clock.advance(4_000);
  expect(await connecting).toBe("SHARD_UNAVAILABLE");
  await clock.advance(120_000);
  expect([net.open, clock.pendingTimers]).toEqual([[], 0]);
});

test("where everything that answers is no router, a client says so at once", async () => {
  const clock = new ManualClock();
  const net = new ScriptedTransport(clock).foreign("a:1").foreign("b:1");
  const ports = { transport: net, clock, random: new SeededRandom(1) };
  const connecting = HoldfastClient.over({ endpoints: ["a:1", "b:1"] }, ports);
  const refused = expect(connecting).rejects.toThrow("is no router");
  const code = codeOf(connecting);
  await clock.advance(10);
  await refused;
  expect(await code).toBe("SHARD_UNAVAILABLE");
  expect(net.connects).toEqual(["a:1", "b:1"]);
});

test("one endpoint that is no router does not end the search for those that may come up", async () => {
  const clock = new ManualClock();
  const net = new ScriptedTransport(clock).foreign("a:1").router("b:1", "us");
  net.down("b:1");
  const ports = { transport: net, clock, random: new SeededRandom(1) };
  const connecting = HoldfastClient.over({ endpoints: ["a:1", "b:1"] }, ports);
  await clock.advance(3_000);
  net.up("b:1");
  await clock.advance(3_000);
  expect((await connecting).region).toBe("us");
});

test("endpoints that are none are refused before anything is opened", async () => {
  const clock = new ManualClock();
  const ports = { transport: new ScriptedTransport(clock), clock, random: new SeededRandom(1) };
  for (const endpoints of [[], ["localhost"], [" :1 x"]]) {
    expect(await codeOf(HoldfastClient.over({ endpoints }, ports))).toBe("INVALID_ARGUMENT");
  }
  expect(ports.transport.connects).toEqual([]);
});
