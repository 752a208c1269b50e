import type { GrantId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import {
  answersAll,
  granted,
  heldLock,
  holdsHeartbeats,
  leaseAnswers,
  leaseIn,
  rigOf,
  ttlMs,
  unknown,
} from "./testing/rig.ts";
import { firstLease } from "./testing/scripted-transport.ts";

test("one heartbeat every third of the ttl, with jitter, covers every lock of a session", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  for (const name of ["a", "b", "c"]) await rig.client.acquire(name);
  await rig.clock.advance(10 * ttlMs);
  const beats = rig.net.all("heartbeat");
  const gaps = beats.slice(1).map((beat, index) => beat.atMs - (beats[index]?.atMs ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(ttlMs / 3);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual((ttlMs / 3) * 0.8);
  expect(new Set(gaps.map(Math.round)).size).toBeGreaterThan(10);
});

test("heartbeats name every lease of the session in every shard, one for each region", async () => {
  const rig = await rigOf();
  await heldLock(rig, "here");
  const acquiring = rig.client.acquire("there", { region: "eu" });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  sent.answer(granted(sent.command, { lease: leaseIn("s1", 7, "eu") }));
  await acquiring;
  await rig.clock.advance(ttlMs / 3);
  const named = rig.net.all("heartbeat").map((sent) => sent.command.leases);
  expect(named.slice(-2)).toEqual([[firstLease("us")], [firstLease("eu"), leaseIn("s1", 7, "eu")]]);
});

test("one session for each ttl, opened at the first acquire", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  expect(rig.net.all("open-session")).toEqual([]);
  await Promise.all([rig.client.acquire("a"), rig.client.acquire("b")]);
  await rig.client.acquire("c", { ttl: "1m" });
  await rig.client.acquire("d", { ttl: 60_000 });
  expect(rig.net.all("open-session").map((sent) => sent.command.ttlMs)).toEqual([ttlMs, 60_000]);
});

test("a session that is full leaves its next lock to another one", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  const names = Array.from({ length: 1_001 }, (_, index) => `n${index}`);
  const locks = await Promise.all(names.map((name) => rig.client.acquire(name)));
  expect(locks.length).toBe(1_001);
  const sessions = new Set(rig.net.all("acquire").map((sent) => sent.command.session));
  expect(sessions.size).toBe(2);
});

test("leases found by the router are taken up and named from then on", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  await heldLock(rig);
  await rig.clock.advance(ttlMs / 3);
  rig.net.next("heartbeat").answer(leaseAnswers({}, { lease: leaseIn("s1", 4) }));
  await rig.clock.advance(ttlMs / 3);
  expect(rig.net.next("heartbeat").command.leases).toEqual([firstLease("us"), leaseIn("s1", 4)]);
});

test("a list is asked for at least once a minute", async () => {
  const rig = await rigOf({ ttl: "1h" });
  await heldLock(rig);
  await rig.clock.advance(600_000);
  const listed = rig.net.all("heartbeat").filter((sent) => sent.command.list);
  const gaps = listed.slice(1).map((sent, index) => sent.atMs - (listed[index]?.atMs ?? 0));
  expect(listed.length).toBeGreaterThan(8);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(60_000);
});

test("a list is asked for after an unknown outcome, until it was answered in full", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig);
  void lock.release();
  await rig.clock.advance(0);
  rig.net.next("release").answer(unknown);
  await rig.clock.advance(1_000);
  rig.net.next("release").answer({ kind: "released", handedOver: false });
  await rig.clock.advance(ttlMs / 3);
  const first = rig.net.next("heartbeat");
  expect(first.command.list).toBe(true);
  // The shard confirmed the lease but could not read what hangs on it.
  first.answer(leaseAnswers({}));
  await rig.clock.advance(ttlMs / 3);
  const second = rig.net.next("heartbeat");
  expect(second.command.list).toBe(true);
  second.answer(leaseAnswers({ held: [] }));
  await rig.clock.advance(ttlMs / 3);
  expect(rig.net.next("heartbeat").command.list).toBe(false);
});

test("an unknown outcome after a list was asked for needs another list", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const first = await heldLock(rig, "first");
  const second = await heldLock(rig, "second");
  void first.release();
  await rig.clock.advance(0);
  rig.net.next("release").answer(unknown);
  await rig.clock.advance(ttlMs / 3);
  const list = rig.net.next("heartbeat");
  void second.release();
  await rig.clock.advance(0);
  for (const sent of rig.net.pending("release")) sent.answer(unknown);
  await rig.clock.advance(0);
  list.answer(leaseAnswers({ held: [] }));
  await rig.clock.advance(ttlMs / 3);
  expect(rig.net.next("heartbeat").command.list).toBe(true);
});

test("a change of router is followed at once by a heartbeat that lists, to the new one", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  const session = rig.net.all("acquire")[0]?.command.session;
  rig.net.down("a:1");
  await rig.clock.advance(100);
  const [beat] = rig.net.all("heartbeat");
  expect(beat?.endpoint).toBe("b:1");
  expect(beat?.command).toMatchObject({ session, list: true, leases: [firstLease("us")] });
  expect(lock.state).toBe("held");
});

test("what the list names and nobody knows is cancelled; what is known is not", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig, "known");
  const waiting = rig.client.acquire("waiting");
  void waiting.catch(() => {});
  await rig.clock.advance(0);
  const { command } = rig.net.next("acquire");
  const { grantIdOf } = await import("@holdfast/core/lock/grant-id");
  const pending = grantIdOf(command.session, command.requestId);
  const stray = { region: "us", namespace: "default", name: "stray" };
  await rig.clock.advance(ttlMs / 3);
  rig.net.next("heartbeat").answer(
    leaseAnswers({
      held: [
        { kind: "holder", lock: stray, grantId: "s".repeat(22) as GrantId },
        { kind: "holder", lock: { ...stray, name: "known" }, grantId: lock.grantId },
        { kind: "waiter", lock: command.lock, grantId: pending },
      ],
    }),
  );
  await rig.clock.advance(0);
  const session = command.session;
  expect(rig.net.all("cancel").map((sent) => sent.command)).toEqual([
    { kind: "cancel", lock: stray, grantId: "s".repeat(22), session },
  ]);
});

test("a lost lock that the store still lists is ended by the next list at the latest", async () => {
  const rig = await rigOf();
  const rest = rig.net.script;
  const lock = await heldLock(rig);
  // Confirmations are lost on their way back, so the lease lives on and the belief ends.
  holdsHeartbeats(rig.net);
  await rig.clock.advance(ttlMs);
  expect(lock.state).toBe("lost");
  // The releases of it are lost as well, until trying them has ended.
  await rig.clock.advance(3 * ttlMs);
  rig.net.script = (command, endpoint) => {
    if (command.kind === "heartbeat") {
      return leaseAnswers({
        held: [{ kind: "holder", lock: lockOf(lock), grantId: lock.grantId }],
      });
    }
    return rest(command, endpoint);
  };
  const before = rig.net.all("cancel").length;
  await rig.clock.advance(ttlMs / 3);
  expect(rig.net.all("cancel").slice(before)[0]?.command.grantId).toBe(lock.grantId);
});

test("a lock that two lists in a row do not name was taken away", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  const other = await heldLock(rig, "other");
  const rest = rig.net.script;
  // Another router took it away, and none of its streams belongs to this client.
  const held = [{ kind: "holder" as const, lock: lockOf(other), grantId: other.grantId }];
  rig.net.script = (command, endpoint) => {
    if (command.kind !== "heartbeat" || !command.list) return rest(command, endpoint);
    return leaseAnswers({ held });
  };
  await rig.clock.advance(60_000 + ttlMs / 3);
  expect(lock.lost?.why).toBe("force-released");
  expect(other.state).toBe("held");
});

test("a lock that one list missed and the next one names is held", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  const rest = rig.net.script;
  let missed = 0;
  rig.net.script = (command, endpoint) => {
    const first = command.kind === "heartbeat" && command.list && missed++ === 0;
    return first ? leaseAnswers({ held: [] }) : rest(command, endpoint);
  };
  await rig.clock.advance(200_000);
  expect(missed).toBeGreaterThan(2);
  expect(lock.state).toBe("held");
});

test("a silent router is left in time for the locks to be confirmed by another", async () => {
  const rig = await rigOf({ ttl: "2s" });
  const lock = await heldLock(rig);
  const rest = rig.net.script;
  // The first router takes everything in and says nothing more.
  rig.net.script = (command, endpoint) =>
    endpoint === "a:1" ? undefined : rest(command, endpoint);
  const states = new Set<string>();
  lock.onStateChange((change) => states.add(change.state));
  await rig.clock.advance(10_000);
  expect(states.has("lost")).toBe(false);
  expect(lock.state).toBe("held");
  expect(rig.net.open).toEqual(["b:1"]);
});

function lockOf(lock: { region: string; namespace: string; name: string }) {
  const { region, namespace, name } = lock;
  return { region, namespace, name };
}
