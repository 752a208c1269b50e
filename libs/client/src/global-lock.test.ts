import { failure } from "@holdfast/base/failure";
import { validityMs } from "@holdfast/core/lease/validity";
import { expect, test } from "vitest";
import type { HoldfastError } from "./holdfast-error.ts";
import {
  codeOf,
  endsIn,
  granted,
  grantedIn,
  heldGlobally,
  heldLock,
  holdsHeartbeats,
  leaseAnswers,
  leaseIn,
  regions,
  rigOf,
  silences,
  ttlMs,
  unknown,
} from "./testing/rig.ts";
import { firstLease } from "./testing/scripted-transport.ts";

const valid = validityMs(ttlMs);
const held = { kind: "held", holders: [], queueLength: 2, retryAfterMs: 250 } as const;
const noQuorum = failure("NO_QUORUM", "Only us answers.", { regions: ["us"] });

test("a global lock is asked for in the region global, under a session that is known there", async () => {
  const rig = await rigOf();
  const lock = await heldGlobally(rig);
  const [acquire] = rig.net.all("acquire");
  expect(acquire?.command).toMatchObject({ scope: "global", lock: { region: "global" } });
  expect(acquire?.command).not.toHaveProperty("resent");
  expect(rig.net.all("open-session").map((sent) => sent.command.region)).toEqual(["global"]);
  expect([lock.region, lock.state]).toEqual(["global", "held"]);
});

test("each region gets a heartbeat of its own, and one that is silent delays no other", async () => {
  const rig = await rigOf();
  const lock = await heldGlobally(rig);
  silences(rig.net, "eu");
  await rig.clock.advance(20 * ttlMs);
  expect(lock.state).toBe("held");
  const beats = rig.net.all("heartbeat").slice(3);
  for (const { command } of beats) {
    expect(new Set(command.leases.map(({ region }) => region)).size).toBe(1);
  }
  const to = (region: string) =>
    beats.filter(({ command }) => command.leases[0]?.region === region).length;
  // Once nothing hangs on the silent one any more, it is asked as often as the others.
  expect(to("us")).toBe(to("ap"));
  expect(to("eu")).toBeLessThan(to("us") * 1.2);
});

test("a router is not left because a region behind it answers nothing", async () => {
  const rig = await rigOf();
  await heldGlobally(rig);
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) =>
    command.kind === "heartbeat" && command.leases.every(({ region }) => region === "eu")
      ? undefined
      : rest(command, endpoint);
  const [endpoint] = rig.net.open;
  const before = rig.net.all("open-session").length;
  const used = new Set<string>();
  for (let turns = 0; turns < 200; turns++) {
    await rig.clock.advance(ttlMs / 10);
    for (const open of rig.net.open) used.add(open);
  }
  expect([...used]).toEqual([endpoint]);
  expect(rig.net.all("open-session").length).toBe(before);
});

test("it is believed in until the second-latest deadline of its leases", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldGlobally(rig);
  await rig.clock.advance(ttlMs / 3);
  const beats = rig.net.pending("heartbeat");
  expect(beats.map(({ command }) => command.leases)).toEqual(
    regions.map((region) => [firstLease(region)]),
  );
  const before = lock.validForMs;
  beats[0]?.answer(leaseAnswers({ lease: firstLease("us") }));
  await rig.clock.advance(0);
  expect(lock.validForMs).toBe(before);
  beats[2]?.answer(leaseAnswers({ lease: firstLease("ap") }));
  await rig.clock.advance(0);
  expect(lock.validForMs).toBe((beats[2]?.atMs ?? 0) + valid - rig.clock.monotonicMs());
});

test("a lease that ends in one region loses no global lock, and its session takes no new ones", async () => {
  const rig = await rigOf();
  const lock = await heldGlobally(rig);
  endsIn(rig.net, "eu");
  await rig.clock.advance(5 * ttlMs);
  expect(lock.state).toBe("held");
  expect(rig.net.all("release")).toEqual([]);
  const acquiring = rig.client.acquire("next", { scope: "global" });
  await rig.clock.advance(0);
  const next = rig.net.next("acquire");
  expect(next.command.session).not.toBe(rig.net.all("acquire")[0]?.command.session);
  next.answer(grantedIn(next.command));
  await acquiring;
});

test("a local lock under a lease that ended is lost while a global one goes on", async () => {
  const rig = await rigOf();
  const local = await heldLock(rig, "local");
  const global = await heldGlobally(rig);
  endsIn(rig.net, "us");
  await rig.clock.advance(ttlMs);
  expect([local.lost?.why, global.state]).toEqual(["session-expired", "held"]);
});

test("it is lost when a second lease ends, and then released in the store", async () => {
  const rig = await rigOf();
  const lock = await heldGlobally(rig);
  endsIn(rig.net, "eu", "ap");
  await rig.clock.advance(ttlMs);
  expect([lock.state, lock.lost?.why]).toEqual(["lost", "session-expired"]);
  expect(lock.signal.aborted).toBe(true);
  const [release] = rig.net.all("release");
  expect(release?.command.grantId).toBe(lock.grantId);
});

test("with two regions out of reach it is lost before its deadline", async () => {
  const rig = await rigOf();
  const lock = await heldGlobally(rig);
  silences(rig.net, "eu", "ap");
  const deadlineMs = rig.clock.monotonicMs() + lock.validForMs;
  let lostAtMs = 0;
  lock.signal.addEventListener("abort", () => {
    lostAtMs = rig.clock.monotonicMs();
  });
  await rig.clock.advance(2 * ttlMs);
  expect(lock.lost?.why).toBe("expired");
  expect(lostAtMs).toBeLessThan(deadlineMs);
});

test("under leases that are known already it starts with what their heartbeats say", async () => {
  const rig = await rigOf();
  const first = await heldGlobally(rig);
  await rig.clock.advance(1_500);
  const second = await heldGlobally(rig, regions, "second");
  expect(second.validForMs).toBe(first.validForMs);
});

test("a lease not known yet counts from the first send of the request", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global" });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  await rig.clock.advance(700);
  sent.answer(grantedIn(sent.command, ["eu", "ap"]));
  const lock = await acquiring;
  expect(lock.validForMs).toBe(sent.atMs + valid - rig.clock.monotonicMs());
});

test("the leases a place hangs on are kept alive while it waits, and hold the grant up", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global", wait: "10m" });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  sent.leases(regions.map(firstLease));
  await rig.clock.advance(0);
  const named = () => rig.net.all("heartbeat").flatMap(({ command }) => command.leases);
  expect(named()).toEqual(regions.map(firstLease));
  await rig.clock.advance(20 * ttlMs);
  expect(named().filter(({ region }) => region === "ap").length).toBeGreaterThan(50);
  // The answer's own figure is of the first send, long ago.
  sent.answer(grantedIn(sent.command, regions, 0));
  const lock = await acquiring;
  expect(lock.validForMs).toBeGreaterThan(valid / 2);
});

test("a repeat says that it is one, at the router of another region too", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { scope: "global", wait: "1m" });
  await rig.clock.advance(0);
  const first = rig.net.next("acquire");
  rig.net.down("a:1");
  rig.net.down("b:1");
  await rig.clock.advance(1_000);
  const second = rig.net.next("acquire");
  expect(second.endpoint).toBe("c:1");
  expect(second.command).toMatchObject({ requestId: first.command.requestId, resent: true });
  second.answer(grantedIn(second.command));
  const lock = await acquiring;
  await rig.clock.advance(5 * ttlMs);
  expect(lock.state).toBe("held");
});

test("a local repeat says nothing of the kind", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order");
  await rig.clock.advance(0);
  rig.net.next("acquire").answer(unknown);
  await rig.clock.advance(1_000);
  const second = rig.net.next("acquire");
  expect(second.command).not.toHaveProperty("resent");
  second.answer(granted(second.command));
  await acquiring;
});

test("too few regions are asked again, as a new request, and in the end named", async () => {
  const rig = await rigOf({ requestTimeout: "3s" });
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) =>
    command.kind === "acquire" ? noQuorum : rest(command, endpoint);
  const trying = rig.client.tryAcquire("order", { scope: "global" }).catch((error) => error);
  await rig.clock.advance(3_000);
  const error = (await trying) as HoldfastError;
  expect([error.code, error.details.regions]).toEqual(["NO_QUORUM", ["us"]]);
  const asked = rig.net.all("acquire").map((sent) => sent.command);
  expect(asked.length).toBeGreaterThan(2);
  expect(asked.some((command) => command.resent)).toBe(false);
  expect(new Set(asked.map((command) => command.requestId)).size).toBe(asked.length);
  // Each was refused for certain.
  expect(rig.net.all("cancel")).toEqual([]);
});

test("what was refused for certain is not put in doubt in the last moment", async () => {
  const rig = await rigOf({ requestTimeout: "3s" });
  const trying = codeOf(rig.client.tryAcquire("order", { scope: "global" }));
  await rig.clock.advance(0);
  const late = { ...noQuorum, retryAfterMs: 2_900 };
  rig.net.next("acquire").answer(late);
  // From here on nobody answers.
  await rig.clock.advance(3_000);
  expect(await trying).toBe("NO_QUORUM");
});

test("a request in doubt is never asked anew, and is cancelled when it is given up", async () => {
  const rig = await rigOf({ requestTimeout: "3s" });
  const trying = codeOf(rig.client.tryAcquire("order", { scope: "global" }));
  await rig.clock.advance(0);
  const first = rig.net.next("acquire");
  first.answer(unknown);
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) =>
    command.kind === "acquire" ? noQuorum : rest(command, endpoint);
  await rig.clock.advance(3_000);
  expect(await trying).toBe("UNKNOWN_OUTCOME");
  const asked = rig.net.all("acquire").map((sent) => sent.command);
  expect(new Set(asked.map((command) => command.requestId)).size).toBe(1);
  expect(asked.slice(1).every((command) => command.resent)).toBe(true);
  expect(rig.net.all("cancel")[0]?.command.lock.region).toBe("global");
});

test("a refusal of the first copy is no answer once a second one is under way", async () => {
  const rig = await rigOf();
  // Without a session repeats are sent while the first copy waits.
  const acquiring = rig.client.acquireLeased("order", { scope: "global", ttl: "6s", wait: "1m" });
  await rig.clock.advance(2_500);
  const [first, second] = rig.net.pending("acquire");
  expect([first?.command.resent, second?.command.resent]).toEqual([undefined, true]);
  first?.answer(held);
  await rig.clock.advance(0);
  second?.answer(granted(second.command));
  expect((await acquiring).lock.region).toBe("global");
});

test("a refusal of a repeat is the answer once all copies of it are cancelled", async () => {
  const rig = await rigOf();
  const acquiring = codeOf(
    rig.client.acquireLeased("order", { scope: "global", ttl: "6s", wait: "1m" }),
  );
  await rig.clock.advance(2_500);
  const [, second] = rig.net.pending("acquire");
  second?.answer({ kind: "timeout", holders: [], queueLength: 1 });
  await rig.clock.advance(100);
  rig.net.next("cancel").answer({ kind: "cancelled", found: false });
  expect(await acquiring).toBe("TIMEOUT");
});

test("an acquire given up is cancelled until that is definite, though one region lost the session", async () => {
  const rig = await rigOf();
  const giveUp = new AbortController();
  const acquiring = codeOf(rig.client.acquire("order", { scope: "global", signal: giveUp.signal }));
  await rig.clock.advance(0);
  giveUp.abort();
  expect(await acquiring).toBe("CANCELLED");
  rig.net.next("cancel").answer(failure("SESSION_EXPIRED", "Not known here."));
  await rig.clock.advance(1_000);
  rig.net.next("cancel").answer({ kind: "cancelled", found: true });
  await rig.clock.advance(ttlMs);
  expect(rig.net.all("cancel").length).toBe(2);
});

test("a grant that no two regions know any more was taken away", async () => {
  const rig = await rigOf();
  const lock = await heldGlobally(rig);
  const rest = rig.net.script;
  await rig.clock.advance(10 * ttlMs);
  expect(lock.state).toBe("held");
  const before = rig.net.all("renew").length;
  expect(before).toBeGreaterThan(0);
  rig.net.script = (command, endpoint) =>
    command.kind === "renew" ? failure("NOT_HELD", "Gone.") : rest(command, endpoint);
  await rig.clock.advance(60_000);
  expect(lock.lost?.why).toBe("force-released");
});

test("a failed renewal says nothing, and a lock that is held up everywhere is renewed rarely", async () => {
  const rig = await rigOf();
  const lock = await heldGlobally(rig);
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) =>
    command.kind === "renew" ? failure("LOST", "Not now.") : rest(command, endpoint);
  await rig.clock.advance(600_000);
  expect(lock.state).toBe("held");
  expect(rig.net.all("renew").length).toBeLessThan(25);
});

test("a region that was gone when the lock was granted counts once a renewal says so", async () => {
  const rig = await rigOf();
  const lock = await heldGlobally(rig, ["us", "eu"]);
  const rest = rig.net.script;
  const confirmed = regions.map((region) => ({ lease: firstLease(region), validForMs: valid }));
  rig.net.script = (command, endpoint) =>
    command.kind === "renew"
      ? { kind: "renewed", validForMs: valid, confirmed }
      : rest(command, endpoint);
  await rig.clock.advance(ttlMs);
  endsIn(rig.net, "us");
  await rig.clock.advance(5 * ttlMs);
  expect(lock.state).toBe("held");
  endsIn(rig.net, "eu");
  await rig.clock.advance(ttlMs);
  expect(lock.lost?.why).toBe("session-expired");
});

test("a lock that two regions hold up is asked about anew at the next router, at once", async () => {
  const rig = await rigOf();
  const lock = await heldGlobally(rig, ["us", "eu"]);
  const rest = rig.net.script;
  const confirmed = ["eu", "ap"].map((region) => ({
    lease: firstLease(region),
    validForMs: valid,
  }));
  // The whole region is gone: its routers say nothing, and nobody reaches its leases.
  rig.net.script = (command, endpoint) => {
    if (endpoint !== "c:1") return undefined;
    if (command.kind === "renew") return { kind: "renewed", validForMs: valid, confirmed };
    return rest(command, endpoint);
  };
  silences(rig.net, "us");
  const states: string[] = [];
  lock.onStateChange(({ state }) => states.push(state));
  rig.net.down("b:1");
  await rig.clock.advance(5 * ttlMs);
  expect(rig.net.open).toEqual(["c:1"]);
  expect(states).not.toContain("lost");
  expect(lock.state).toBe("held");
});

test("a lock that two regions hold up is asked about when one of them falls silent", async () => {
  const rig = await rigOf();
  const lock = await heldGlobally(rig, ["us", "eu"]);
  const rest = rig.net.script;
  let holding = ["us", "eu"];
  rig.net.script = (command, endpoint) => {
    if (command.kind !== "renew") return rest(command, endpoint);
    const confirmed = holding.map((region) => ({ lease: firstLease(region), validForMs: valid }));
    return { kind: "renewed", validForMs: valid, confirmed };
  };
  // For so long the third region has been away that it is asked for rarely.
  await rig.clock.advance(20 * ttlMs);
  silences(rig.net, "eu");
  holding = ["us", "ap"];
  const states: string[] = [];
  lock.onStateChange(({ state }) => states.push(state));
  await rig.clock.advance(5 * ttlMs);
  expect(states).not.toContain("lost");
  expect(lock.state).toBe("held");
});

test("a region that is back is asked to hold the lock up again, soon", async () => {
  const rig = await rigOf();
  await heldGlobally(rig);
  await rig.clock.advance(ttlMs);
  expect(rig.net.all("renew").length).toBe(1);
  endsIn(rig.net, "ap");
  await rig.clock.advance(ttlMs / 3 + ttlMs / 12);
  expect(rig.net.all("renew").length).toBe(2);
});

test("a renewal that names fewer regions takes none away", async () => {
  const rig = await rigOf();
  const lock = await heldGlobally(rig);
  const rest = rig.net.script;
  const confirmed = [{ lease: leaseIn("s0", 9, "ap"), validForMs: valid }];
  rig.net.script = (command, endpoint) =>
    command.kind === "renew"
      ? { kind: "renewed", validForMs: valid, confirmed }
      : rest(command, endpoint);
  await rig.clock.advance(60_000);
  expect(lock.state).toBe("held");
});

test.each([
  ["a ttl of 4,999 ms", { ttl: 4_999 }, "ttl"],
  ["a region", { region: "us" }, "region"],
  ["metadata of 257 bytes", { metadata: { k: "v".repeat(256) } }, "metadata"],
  ["another scope", { scope: "planetary" as "global" }, "scope"],
])("a global lock with %s is refused at once", async (_what, options, field) => {
  const rig = await rigOf();
  const refused = await rig.client
    .acquire("order", { scope: "global", ...options })
    .catch((error: HoldfastError) => error);
  expect(refused).toMatchObject({ code: "INVALID_ARGUMENT", details: { field } });
  expect(rig.net.sent).toEqual([]);
});

test("global is the name of no region", async () => {
  expect(await codeOf(rigOf({ region: "global" }))).toBe("INVALID_ARGUMENT");
});

test("a handle of a global lock renews it by the ttl it has, and by no other", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquireLeased("order", { scope: "global", ttl: "6s" });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  sent.answer(grantedIn(sent.command));
  const { handle } = await acquiring;
  expect(handle).toMatch(/^global\/default\/order#/);
  expect(await codeOf(rig.client.renewHandle(handle, { ttl: "7s" }))).toBe("INVALID_ARGUMENT");
  const renewing = rig.client.renewHandle(handle);
  await rig.clock.advance(0);
  const renew = rig.net.next("renew");
  expect(renew.command).toMatchObject({ lock: { region: "global" }, ttlMs: 6_000 });
  renew.answer({ kind: "renewed", validForMs: 5_000 });
  expect((await renewing).validForMs).toBe(5_000);
});
