import { failure } from "@holdfast/base/failure";
import { expect, test } from "vitest";
import { LockLostError } from "./lock-lost-error.ts";
import {
  answersAll,
  codeOf,
  granted,
  heldLock,
  holdsHeartbeats,
  leaseAnswers,
  rigOf,
  ttlMs,
  unknown,
} from "./testing/rig.ts";

const done = { kind: "released", handedOver: false } as const;
const notHeld = failure("NOT_HELD", "Nothing is held with this token.");

test("a release of a lock got at the first try leaves no tombstone", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  const releasing = lock.release();
  expect(lock.state).toBe("released");
  expect(rig.net.next("release").command).toMatchObject({
    grantId: lock.grantId,
    token: lock.token,
    repeated: false,
  });
  rig.net.next("release").answer(done);
  expect(await releasing).toBe("released");
});

test("a release with no definite answer is repeated, and then leaves a tombstone", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  const releasing = lock.release();
  rig.net.next("release").answer(unknown);
  await rig.clock.advance(1_000);
  const repeat = rig.net.next("release");
  expect(repeat.command.repeated).toBe(true);
  // The first one had gone through.
  repeat.answer(notHeld);
  expect(await releasing).toBe("released");
});

test("a release that finds nothing at its first try says that the lock was not held", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  const releasing = lock.release();
  rig.net.next("release").answer(notHeld);
  expect(await releasing).toBe("not-held");
});

test("a release keeps its caller for as long as any call and goes on in the background", async () => {
  const rig = await rigOf({ requestTimeout: 3_000 });
  const lock = await heldLock(rig);
  const releasing = lock.release();
  await rig.clock.advance(3_100);
  expect(await releasing).toBe("unknown");
  await rig.clock.advance(1_000);
  rig.net.pending("release").at(-1)?.answer(done);
  await rig.clock.advance(2 * ttlMs);
  expect(rig.net.all("release").length).toBe(2);
});

test("a release is waited for as long as the client says, also past the time of one answer", async () => {
  const rig = await rigOf({ requestTimeout: 30_000 });
  const lock = await heldLock(rig);
  const releasing = lock.release();
  await rig.clock.advance(12_000);
  rig.net.pending("release").at(-1)?.answer(done);
  expect(await releasing).toBe("released");
});

test("a second release does nothing and says the same", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  const lock = await rig.client.acquire("order");
  expect(await Promise.all([lock.release(), lock.release()])).toEqual(["released", "released"]);
  expect(await lock.release()).toBe("released");
  expect(rig.net.all("release").length).toBe(1);
});

test("leaving the block of await using releases, also when the body throws", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  const body = async () => {
    await using lock = await rig.client.acquire("order");
    throw new RangeError(`body of ${lock.name}`);
  };
  await expect(body()).rejects.toThrow(RangeError);
  expect(rig.net.all("release").length).toBe(1);
});

test("a disposal that fails does not mask the body's error", async () => {
  const rig = await rigOf();
  const body = async () => {
    await using lock = await heldLock(rig);
    throw new RangeError(`body of ${lock.name}`);
  };
  const running = body().catch((error: unknown) => error);
  await rig.clock.advance(0);
  rig.net.next("release").answer(failure("PERMISSION_DENIED", "Not yours."));
  expect(await running).toBeInstanceOf(RangeError);
});

test("a lock lost by its lease's end is not released again", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig);
  await rig.clock.advance(ttlMs / 3);
  rig.net.next("heartbeat").answer(leaseAnswers({ validForMs: 0 }));
  await rig.clock.advance(0);
  expect(await lock.release()).toBe("not-held");
  expect(rig.net.all("release")).toEqual([]);
  expect(lock.state).toBe("lost");
});

test("a lock lost by its deadline is released at once when its holder is done with it", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig);
  rig.clock.suspend(60_000);
  expect(lock.state).toBe("lost");
  expect(await lock.release()).toBe("not-held");
  expect(rig.net.all("release").length).toBe(1);
});

test("a force-released lock is lost as soon as the router says so", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  const { signal } = lock;
  rig.net.say({ kind: "grant-lost", lock: { ...lockOf(lock) }, grantId: lock.grantId });
  expect((signal.reason as LockLostError).why).toBe("force-released");
  expect(await lock.release()).toBe("not-held");
  expect(rig.net.all("release")).toEqual([]);
});

test("a session ended by somebody else loses all its locks at once", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  const session = rig.net.all("acquire")[0]?.command.session;
  if (session === undefined) throw new Error("no session");
  rig.net.say({ kind: "session-lost", session });
  expect(lock.lost?.why).toBe("session-expired");
});

test("withLock releases after the body and returns what it returned", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  const result = await rig.client.withLock("order", async ({ signal, token, lock }) => {
    expect([signal.aborted, token, lock.state]).toEqual([false, 5n, "held"]);
    return 42;
  });
  expect(result).toBe(42);
  expect(rig.net.all("release").length).toBe(1);
});

test("withLock throws when the lock was lost, even if the body ended well", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  const running = rig.client.withLock("order", { ttl: "5s" }, async () => {
    rig.clock.stall(60_000);
    return "too late";
  });
  await expect(running).rejects.toThrow(LockLostError);
});

test("withLock lets the body's own error through, lost or not", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  const running = rig.client.withLock("order", () => {
    rig.clock.stall(60_000);
    throw new RangeError("the body's");
  });
  await expect(running).rejects.toThrow(RangeError);
});

test("a use of a lock that was released or lost throws", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  const lock = await rig.client.acquire("order");
  lock.assertHeld();
  await lock.release();
  expect(() => lock.assertHeld()).toThrow("was released");
  const other = await rig.client.acquire("other");
  rig.clock.stall(60_000);
  expect(() => other.assertHeld()).toThrow(LockLostError);
});

test("closing the client ends its sessions, loses its locks and leaves nothing running", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  const lock = await rig.client.acquire("order");
  const { signal } = lock;
  await rig.client.close();
  expect((signal.reason as LockLostError).why).toBe("closed");
  expect(rig.net.all("close-session").length).toBe(1);
  expect(await lock.release()).toBe("not-held");
  expect(await codeOf(rig.client.acquire("order"))).toBe("CANCELLED");
  expect([rig.clock.pendingTimers, rig.net.open]).toEqual([0, []]);
});

test("closing takes a bounded time when no router answers, and still leaves nothing", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  const waiting = codeOf(rig.client.acquire("other"));
  await rig.clock.advance(0);
  void lock.release();
  rig.net.script = () => undefined;
  const closing = rig.client.close();
  await rig.clock.advance(5_100);
  await closing;
  expect(await waiting).toBe("CANCELLED");
  await rig.clock.advance(60_000);
  expect([rig.clock.pendingTimers, rig.net.open]).toEqual([0, []]);
});

test("a listener that was forgotten hears nothing; the others hear of the loss and why", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  const heard: string[] = [];
  const forget = lock.onStateChange(() => heard.push("forgotten"));
  forget();
  lock.onStateChange((change) => heard.push(`${change.state} ${change.why}`));
  rig.clock.stall(60_000);
  await rig.clock.advance(0);
  expect(heard).toEqual(["lost stalled"]);
});

test("a repeated acquire's grant that is force-released still leaves a tombstone", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order");
  await rig.clock.advance(0);
  rig.net.next("acquire").answer(unknown);
  await rig.clock.advance(1_000);
  const sent = rig.net.next("acquire");
  sent.answer(granted(sent.command));
  const lock = await acquiring;
  rig.net.say({ kind: "grant-lost", lock: lockOf(lock), grantId: lock.grantId });
  await rig.clock.advance(0);
  expect(rig.net.next("release").command.repeated).toBe(true);
});

function lockOf(lock: { region: string; namespace: string; name: string }) {
  const { region, namespace, name } = lock;
  return { region, namespace, name };
}
