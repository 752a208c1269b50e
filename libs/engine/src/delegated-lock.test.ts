import type { GrantId } from "@holdfast/base/ids";
import { acquireOf, requestOf } from "@holdfast/core/quorum/testing/requests";
import { expect, test } from "vitest";
import type { CancelAnswer, LocalAnswer, ReleaseAnswer } from "./delegated-asking.ts";
import type { DelegatedLock } from "./delegated-lock.ts";
import { waitersMax } from "./delegated-lock-options.ts";
import { DelegatedRig } from "./testing/delegated.ts";

const token = (counter: bigint, sequence: bigint) => (counter << 20n) | sequence;

async function acquire(rig: DelegatedRig, lock: DelegatedLock<string>, name: string, wait = true) {
  const answers: LocalAnswer[] = [];
  lock.acquire(await rig.asking(name, answers, wait));
  return answers;
}

async function release(rig: DelegatedRig, lock: DelegatedLock<string>, name: string, held: bigint) {
  const answers: ReleaseAnswer[] = [];
  const answer = (given: ReleaseAnswer) => void answers.push(given);
  lock.release({ grantId: name as GrantId, token: held, marker: await rig.marker(), answer });
  return answers;
}

test("a lock is delegated for the first, and handed over and had again without an ocean", async () => {
  const rig = new DelegatedRig();
  const lock = await rig.start();
  const [a, b] = [await acquire(rig, lock, "a"), await acquire(rig, lock, "b")];
  await rig.region.clock.advance(200);
  expect(a).toMatchObject([{ kind: "granted", token: token(1n, 1n) }]);
  expect(b).toEqual([]);
  const released = await release(rig, lock, "a", token(1n, 1n));
  await rig.region.clock.advance(10);
  expect(released).toEqual([{ kind: "released", found: true, refused: true, handedOver: true }]);
  expect(b).toMatchObject([{ kind: "granted", token: token(1n, 2n) }]);
  await release(rig, lock, "b", token(1n, 2n));
  const c = await acquire(rig, lock, "c", false);
  await rig.region.clock.advance(10);
  expect(c).toMatchObject([{ kind: "granted", token: token(1n, 3n) }]);
  expect(rig.commands).toEqual(["acquire"]);
});

test("what is done in the shard for a request is a part of its trace, handing over too", async () => {
  const rig = new DelegatedRig();
  const lock = await rig.start();
  for (const name of ["a", "b"]) {
    lock.acquire({ ...(await rig.asking(name, [])), traceparent: `trace of ${name}` });
  }
  await rig.region.clock.advance(200);
  await release(rig, lock, "a", token(1n, 1n));
  await rig.region.clock.advance(10);
  await release(rig, lock, "b", token(1n, 2n));
  await rig.region.clock.advance(10);
  expect(rig.traced).toEqual([
    "enqueue trace of a",
    "enqueue trace of b",
    "promote trace of a",
    "release trace of b",
  ]);
});

test("nobody is told that a grant is good for longer than the delegation", async () => {
  const rig = new DelegatedRig();
  rig.validForMs = 3_000;
  const lock = await rig.start();
  const a = await acquire(rig, lock, "a");
  await rig.region.clock.advance(200);
  const [answer] = a;
  expect(answer?.kind === "granted" && answer.validForMs).toBeGreaterThan(2_000);
  expect(answer?.kind === "granted" && answer.validForMs).toBeLessThan(3_000);
  expect(lock.validForMs("a" as GrantId, token(1n, 1n))).toBeGreaterThan(2_000);
  // The regions answer keepalives no more: what was vouched for runs out, and nothing is granted.
  rig.validForMs = 0;
  await rig.region.clock.advance(3_000);
  expect(lock.validForMs("a" as GrantId, token(1n, 1n))).toBe(0);
  const released = await release(rig, lock, "a", token(1n, 1n));
  await rig.region.clock.advance(10);
  expect(released).toMatchObject([{ kind: "released", found: true }]);
  const b = await acquire(rig, lock, "b", false);
  await rig.region.clock.advance(10);
  expect(b).toEqual([{ kind: "no-quorum" }]);
});

test("another region waits: the next release closes, and it has the lock", async () => {
  const rig = new DelegatedRig();
  const lock = await rig.start({ handOversMax: 1 });
  await acquire(rig, lock, "a");
  const [b, c] = [await acquire(rig, lock, "b"), await acquire(rig, lock, "c")];
  await rig.region.clock.advance(200);
  rig.do(acquireOf("far", { request: requestOf("far", { region: "far" }), wait: true }));
  lock.hint(rig.value);
  await release(rig, lock, "a", token(1n, 1n));
  await rig.region.clock.advance(10);
  expect(b).toMatchObject([{ kind: "granted", token: token(1n, 2n) }]);
  await release(rig, lock, "b", token(1n, 2n));
  await rig.region.clock.advance(100);
  expect(rig.value.holders).toMatchObject([{ grantId: "far", token: token(2n, 0n) }]);
  expect(c).toEqual([]);
  // Who is left over stands behind it, as a new delegation.
  await rig.region.clock.advance(200);
  expect(rig.value.waiters).toMatchObject([{ grantId: "d2", delegation: true }]);
  rig.do({ kind: "release", grantId: "far" as GrantId, token: token(2n, 0n) });
  await rig.region.clock.advance(1_500);
  expect(c).toMatchObject([{ kind: "granted", token: token(3n, 1n) }]);
});

test("an answer that is late by a whole delegation says nothing about the one there is now", async () => {
  const rig = new DelegatedRig();
  const lock = await rig.start();
  const [, x] = [await acquire(rig, lock, "a"), await acquire(rig, lock, "x")];
  await rig.region.clock.advance(300);
  rig.shardLateMs = 180;
  // It is handed over along with the release, and the answer to that is on its way for long.
  const released = await release(rig, lock, "a", token(1n, 1n));
  await rig.region.clock.advance(5);
  rig.do({ kind: "force" });
  lock.hint(rig.value);
  await rig.region.clock.advance(300);
  expect(released).toMatchObject([{ kind: "released", found: true }]);
  rig.shardLateMs = 0;
  await release(rig, lock, "x", token(1n, 2n));
  const b = await acquire(rig, lock, "b");
  await rig.region.clock.advance(3_000);
  expect([...x, ...b].filter(({ kind }) => kind === "granted")).toHaveLength(1);
});

test("a delegation that nobody uses is given back", async () => {
  const rig = new DelegatedRig();
  const lock = await rig.start({ idleMs: 2_000 });
  await acquire(rig, lock, "a");
  await rig.region.clock.advance(200);
  await release(rig, lock, "a", token(1n, 1n));
  await rig.region.clock.advance(4_000);
  expect(rig.value.holders).toEqual([]);
  expect(lock.isIdle).toBe(true);
});

test("the next counter is fetched before the numbers of this one are used up", async () => {
  const rig = new DelegatedRig();
  const lock = await rig.start({ renewAt: 2 });
  const grants: LocalAnswer[] = [];
  for (const name of ["a", "b", "c", "d"]) {
    const answers = await acquire(rig, lock, name);
    await rig.region.clock.advance(200);
    grants.push(...answers);
    const held = answers[0]?.kind === "granted" ? answers[0].token : 0n;
    await release(rig, lock, name, held);
    await rig.region.clock.advance(200);
  }
  const tokens = grants.map((each) => (each.kind === "granted" ? each.token : 0n));
  expect(tokens).toEqual([token(1n, 1n), token(1n, 2n), token(2n, 1n), token(2n, 2n)]);
});

test("a request that was given up gets nothing, delegation or not", async () => {
  const rig = new DelegatedRig();
  const lock = await rig.start();
  const answers: CancelAnswer[] = [];
  const answer = (given: CancelAnswer) => void answers.push(given);
  lock.cancel({ grantId: "a" as GrantId, marker: await rig.marker(), answer });
  await rig.region.clock.advance(10);
  expect(answers).toEqual([{ kind: "cancelled", found: false, refused: true }]);
  const a = await acquire(rig, lock, "a");
  await rig.region.clock.advance(300);
  expect(a).toEqual([{ kind: "given-up" }]);
  expect(rig.value.holders).toEqual([]);
});

test("a try where there is no delegation is sent to the register", async () => {
  const rig = new DelegatedRig();
  const lock = await rig.start();
  expect(await acquire(rig, lock, "a", false)).toEqual([{ kind: "elsewhere" }]);
  await acquire(rig, lock, "b");
  await rig.region.clock.advance(200);
  const c = await acquire(rig, lock, "c", false);
  await rig.region.clock.advance(10);
  expect(c).toEqual([{ kind: "held" }]);
});

test("a repeat takes the place of the copy before it, and finds its grant", async () => {
  const rig = new DelegatedRig();
  const lock = await rig.start();
  const first = await acquire(rig, lock, "a");
  const second = await acquire(rig, lock, "a");
  await rig.region.clock.advance(200);
  expect(first).toEqual([]);
  expect(second).toMatchObject([{ kind: "granted", token: token(1n, 1n) }]);
  expect(await acquire(rig, lock, "a")).toMatchObject([{ kind: "granted", token: token(1n, 1n) }]);
});

test("at another generation of its shard nothing is granted", async () => {
  const rig = new DelegatedRig();
  const lock = await rig.start();
  await acquire(rig, lock, "a");
  await rig.region.clock.advance(200);
  await release(rig, lock, "a", token(1n, 1n));
  await rig.region.clock.advance(10);
  rig.generation = 2;
  const b = await acquire(rig, lock, "b", false);
  await rig.region.clock.advance(1_000);
  expect(b).toEqual([{ kind: "unknown" }]);
});

test("its line has an end, which is not in the way of one that has the lock already", async () => {
  const rig = new DelegatedRig();
  const lock = await rig.start();
  await acquire(rig, lock, "holder");
  await rig.region.clock.advance(200);
  for (let index = 0; index < waitersMax; index++) {
    expect(await acquire(rig, lock, `waiter-${index}`)).toEqual([]);
  }
  expect(await acquire(rig, lock, "one too many")).toEqual([{ kind: "elsewhere" }]);
  const again = await acquire(rig, lock, "holder");
  await rig.region.clock.advance(10);
  expect(again).toMatchObject([{ kind: "granted", token: token(1n, 1n) }]);
  lock.close();
});
