import { failure } from "@holdfast/base/failure";
import { expect, test } from "vitest";
import type { HoldfastError } from "./holdfast-error.ts";
import {
  answersAll,
  codeOf,
  granted,
  heldLock,
  leaseIn,
  rigOf,
  ttlMs,
  unknown,
} from "./testing/rig.ts";

const holder = {
  grantId: "h".repeat(22) as never,
  mode: "exclusive",
  owner: "other",
  metadata: {},
  token: 4n,
  ageMs: 10,
  hasSession: true,
  ttlMs: 15_000,
} as const;
const held = { kind: "held", holders: [holder], queueLength: 2, retryAfterMs: 250 } as const;

test("an unanswered acquire is repeated under the same request id, at the next router", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { wait: "10s" });
  await rig.clock.advance(0);
  const first = rig.net.next("acquire");
  rig.net.down("a:1");
  await rig.clock.advance(200);
  const second = rig.net.next("acquire");
  expect(second.endpoint).toBe("b:1");
  expect(second.command).toEqual({ ...first.command, waitMs: second.command.waitMs });
  expect(second.command.waitMs).toBeLessThan(10_000);
  second.answer(granted(second.command));
  const lock = await acquiring;
  // A copy of it may still be on its way.
  void lock.release();
  await rig.clock.advance(0);
  expect(rig.net.next("release").command.repeated).toBe(true);
});

test("an outcome the router calls unknown is found out by a repeat of the same request", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order");
  await rig.clock.advance(0);
  const first = rig.net.next("acquire");
  first.answer(unknown);
  await rig.clock.advance(1_000);
  const second = rig.net.next("acquire");
  expect(second.command.requestId).toBe(first.command.requestId);
  second.answer(granted(second.command));
  expect((await acquiring).state).toBe("held");
});

test("an acquire with no answer in time is repeated", async () => {
  const rig = await rigOf({ requestTimeout: "20s" });
  void codeOf(rig.client.acquire("order", { wait: 0 }));
  await rig.clock.advance(0);
  const first = rig.net.next("acquire");
  await rig.clock.advance(6_500);
  const repeats = rig.net.all("acquire").map((sent) => sent.command.requestId);
  expect(repeats).toEqual([first.command.requestId, first.command.requestId]);
});

test("an acquire that is given up is cancelled until that is definite", async () => {
  const rig = await rigOf();
  const giveUp = new AbortController();
  const acquiring = codeOf(rig.client.acquire("order", { signal: giveUp.signal }));
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  giveUp.abort();
  expect(await acquiring).toBe("CANCELLED");
  const [first] = rig.net.pending("cancel");
  first?.answer(unknown);
  await rig.clock.advance(1_000);
  const second = rig.net.next("cancel");
  expect(second.command.session).toBe(sent.command.session);
  second.answer({ kind: "cancelled", found: true });
  await rig.clock.advance(ttlMs);
  expect(rig.net.all("cancel").length).toBe(2);
});

test("a grant that arrives for an acquire that was given up reaches nobody and is ended", async () => {
  const rig = await rigOf();
  const giveUp = new AbortController();
  const acquiring = codeOf(rig.client.acquire("order", { signal: giveUp.signal }));
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  giveUp.abort();
  sent.answer(granted(sent.command));
  expect(await acquiring).toBe("CANCELLED");
  const outcome = granted(sent.command);
  const grantId = outcome.kind === "granted" ? outcome.grant.grantId : "";
  expect(rig.net.next("cancel").command.grantId).toBe(grantId);
});

test("cancelling goes on for the ttl of the session and no longer", async () => {
  const rig = await rigOf();
  const giveUp = new AbortController();
  const acquiring = codeOf(rig.client.acquire("order", { signal: giveUp.signal }));
  await rig.clock.advance(0);
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) =>
    command.kind === "cancel" ? unknown : rest(command, endpoint);
  giveUp.abort();
  await acquiring;
  const startedMs = rig.clock.monotonicMs();
  await rig.clock.advance(5 * ttlMs);
  const last = rig.net.all("cancel").at(-1)?.atMs ?? 0;
  expect(last - startedMs).toBeLessThanOrEqual(ttlMs);
  expect(last - startedMs).toBeGreaterThan(ttlMs / 2);
});

test("a request that was repeated and then refused is cancelled: a copy may land later", async () => {
  const rig = await rigOf();
  const trying = rig.client.tryAcquire("order");
  await rig.clock.advance(0);
  rig.net.next("acquire").answer(unknown);
  await rig.clock.advance(1_000);
  rig.net.next("acquire").answer(held);
  expect((await trying).granted).toBe(false);
  await rig.clock.advance(0);
  expect(rig.net.all("cancel").length).toBe(1);
});

test("a request that was sent once and refused needs no cancel", async () => {
  const rig = await rigOf();
  const trying = rig.client.tryAcquire("order");
  await rig.clock.advance(0);
  rig.net.next("acquire").answer(held);
  expect(await trying).toEqual({
    granted: false,
    holder,
    holders: [holder],
    queueLength: 2,
    retryAfterMs: 250,
  });
  await rig.clock.advance(1_000);
  expect(rig.net.all("cancel")).toEqual([]);
});

test("with no definite answer by the deadline the caller is told that it is unknown", async () => {
  const rig = await rigOf();
  const acquiring = codeOf(rig.client.acquire("order", { wait: "1s" }));
  await rig.clock.advance(0);
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) =>
    command.kind === "acquire" ? unknown : rest(command, endpoint);
  rig.net.next("acquire").answer(unknown);
  await rig.clock.advance(12_000);
  expect(await acquiring).toBe("UNKNOWN_OUTCOME");
  expect(rig.net.all("cancel").length).toBeGreaterThan(0);
});

test("where no router could be asked the caller is told that nothing was done", async () => {
  const rig = await rigOf();
  await heldLock(rig);
  for (const endpoint of ["a:1", "b:1", "c:1"]) rig.net.down(endpoint);
  const acquiring = codeOf(rig.client.acquire("other", { wait: "1s" }));
  await rig.clock.advance(12_000);
  expect(await acquiring).toBe("SHARD_UNAVAILABLE");
  expect(rig.net.all("cancel")).toEqual([]);
});

test("a failure that a repeat may better is repeated, after what the service asked for", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order");
  await rig.clock.advance(0);
  const unavailable = failure("SHARD_UNAVAILABLE", "The shard elects a leader.", {
    retryAfterMs: 500,
  });
  rig.net.next("acquire").answer(unavailable);
  await rig.clock.advance(499);
  expect(rig.net.pending("acquire")).toEqual([]);
  await rig.clock.advance(100);
  const again = rig.net.next("acquire");
  again.answer(granted(again.command));
  const lock = await acquiring;
  expect(lock.token).toBe(5n);
});

test.each(["INVALID_ARGUMENT", "PERMISSION_DENIED", "QUOTA_EXCEEDED", "UNIMPLEMENTED"] as const)(
  "%s is thrown at once",
  async (code) => {
    const rig = await rigOf();
    const acquiring = codeOf(rig.client.acquire("order"));
    await rig.clock.advance(0);
    rig.net.next("acquire").answer(failure(code, "So it is."));
    expect(await acquiring).toBe(code);
  },
);

test.each([
  failure("SESSION_EXPIRED", "It ended there.", { shard: "us/s1" }),
  // The router counts places that the client has given up a moment ago.
  failure("QUOTA_EXCEEDED", "It has 1,000 locks.", { field: "session_id" }),
])("a session refused with $code is replaced, and its other locks live on", async (refusal) => {
  const rig = await rigOf();
  const lock = await heldLock(rig, "first");
  const acquiring = rig.client.acquire("second");
  await rig.clock.advance(0);
  const refused = rig.net.next("acquire");
  refused.answer(refusal);
  await rig.clock.advance(10);
  const again = rig.net.next("acquire");
  expect(again.command.session).not.toBe(refused.command.session);
  expect(again.command.requestId).not.toBe(refused.command.requestId);
  again.answer(granted(again.command, { lease: leaseIn("s1", 8) }));
  await acquiring;
  await rig.clock.advance(2 * ttlMs);
  expect(lock.state).toBe("held");
});

test("waiting is one acquire with its wait, and its places in line are heard", async () => {
  const rig = await rigOf();
  const places: number[] = [];
  const acquiring = rig.client.acquire("order", {
    wait: "20s",
    onPosition: (position) => places.push(position),
  });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  expect(sent.command.waitMs).toBe(20_000);
  sent.position(3);
  sent.position(1);
  await rig.clock.advance(15_000);
  expect(rig.net.all("acquire").length).toBe(1);
  sent.answer(granted(sent.command));
  await acquiring;
  expect(places).toEqual([3, 1]);
});

test("a wait that ran out says who has the lock", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order", { wait: "1s" }).catch((error: unknown) => error);
  await rig.clock.advance(1_000);
  const { holders, queueLength } = held;
  rig.net.next("acquire").answer({ kind: "timeout", holders, queueLength });
  const error = (await acquiring) as HoldfastError;
  expect([error.code, error.retryable, error.details.holders]).toEqual(["TIMEOUT", true, [holder]]);
  expect(error.message).toContain("other");
});

test("an acquire whose signal has aborted already sends nothing", async () => {
  const rig = await rigOf();
  expect(await codeOf(rig.client.acquire("order", { signal: AbortSignal.abort() }))).toBe(
    "CANCELLED",
  );
  expect(rig.net.sent).toEqual([]);
});

test("an acquire that is given up while its session opens leaves nothing behind", async () => {
  const rig = await rigOf();
  rig.net.script = () => undefined;
  const giveUp = new AbortController();
  const acquiring = codeOf(rig.client.acquire("order", { signal: giveUp.signal }));
  await rig.clock.advance(0);
  giveUp.abort();
  expect(await acquiring).toBe("CANCELLED");
});

test("repeats are rationed: a thousand callers in trouble do not become a storm", async () => {
  const rig = await rigOf();
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) =>
    command.kind === "acquire"
      ? failure("SHARD_UNAVAILABLE", "No leader.")
      : rest(command, endpoint);
  const names = Array.from({ length: 300 }, (_, index) => `n${index}`);
  const all = names.map((name) => codeOf(rig.client.acquire(name, { wait: 0 })));
  await rig.clock.advance(10_100);
  await Promise.all(all);
  // Each once, a burst of 100, and 50 a second; without a budget it is some 6,000.
  expect(rig.net.all("acquire").length).toBeLessThan(300 + 100 + 10.1 * 50 + 10);
});

test("locks taken by several callers at once share one session", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  const locks = await Promise.all(["a", "b", "c"].map((name) => rig.client.acquire(name)));
  expect(locks.map((lock) => lock.state)).toEqual(["held", "held", "held"]);
  expect(rig.net.all("open-session").length).toBe(1);
});

test("a call that waits for another one's session takes no longer than it may itself", async () => {
  const rig = await rigOf({ requestTimeout: 3_000 });
  const rest = rig.net.script;
  rig.net.script = (command, endpoint) =>
    command.kind === "open-session" ? undefined : rest(command, endpoint);
  void rig.client.acquire("patient", { wait: "60s" }).catch(() => {});
  const code = codeOf(rig.client.acquire("hasty", { wait: 0 }));
  let isOver = false;
  void code.then(() => {
    isOver = true;
  });
  await rig.clock.advance(3_100);
  expect(isOver).toBe(true);
});
