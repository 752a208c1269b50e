import { utf8 } from "@holdfast/base/bytes";
import type { SessionId } from "@holdfast/base/ids";
import { raiseEpoch } from "@holdfast/core/lock/epoch";
import { encodeGeneration } from "@holdfast/core/quorum/acceptor";
import { generationKey, registerKeys } from "@holdfast/core/quorum/register-keys";
import { emptyRegister } from "@holdfast/core/quorum/register-value";
import { holderOf } from "@holdfast/core/quorum/testing/requests";
import { expect, test } from "vitest";
import { isSite, locate } from "./local-context.ts";
import type { LocalLocks } from "./local-locks.ts";
import { RegionAcceptor } from "./region-acceptor.ts";
import { TestRegion } from "./testing/region.ts";

const lock = { namespace: "default", name: "everywhere" };
const soonMs = 1_000;
const ballot = (round: number) => ({ round, proposer: 1, incarnation: 1 });

async function rig() {
  const here = new TestRegion(1);
  await here.start();
  const [local] = here.locals as [LocalLocks];
  const [store] = here.stores;
  const put = async (key: string, value: Uint8Array) => {
    const success = [{ kind: "put", key, value, lease: 0n } as const];
    await store?.commit({ compares: [], success, failure: [] });
  };
  await put(generationKey, encodeGeneration(1));
  const site = locate(local.context, { region: "here", ...lock });
  if (!isSite(site)) throw new Error(site.message);
  const keys = registerKeys(site.slot, lock.namespace, lock.name);
  return { here, store, put, site, keys, acceptor: new RegionAcceptor(local.context) };
}

test("a region promises, accepts and shows what it accepted, through its shard", async () => {
  const { here, acceptor } = await rig();
  const session = await here.open();
  const promised = await acceptor.prepare(lock, { ballot: ballot(1), generation: 1 }, soonMs);
  expect(promised).toEqual({ kind: "promised", live: [], halfTrusted: false });
  const value = { ...emptyRegister, holders: [holderOf("grant", { session })], version: 1 };
  const accepted = await acceptor.accept(
    lock,
    {
      ballot: ballot(1),
      value,
      next: ballot(2),
      attach: value.holders,
      forget: [],
      generation: 1,
    },
    soonMs,
  );
  expect(accepted).toMatchObject({ kind: "accepted", attached: [{ grantId: "grant" }] });
  const shown = await acceptor.prepare(lock, { ballot: ballot(3), generation: 1 }, soonMs);
  expect(shown).toMatchObject({
    kind: "promised",
    accepted: { ballot: ballot(1), value },
    live: [{ grantId: "grant" }],
  });
  expect(await acceptor.prepare(lock, { ballot: ballot(2), generation: 1 }, soonMs)).toEqual({
    kind: "refused",
    promised: ballot(3),
  });
});

test("a grant whose session nobody knows here is accepted without its liveness", async () => {
  const { acceptor } = await rig();
  const stranger = holderOf("grant", { session: "0123456789012345678901" as SessionId });
  const accepted = await acceptor.accept(
    lock,
    {
      ballot: ballot(1),
      value: { ...emptyRegister, holders: [stranger], version: 1 },
      next: ballot(2),
      attach: [stranger],
      forget: [],
      generation: 1,
    },
    soonMs,
  );
  expect(accepted).toEqual({ kind: "accepted", attached: [] });
});

test("a plain read shows what was accepted and raises nothing", async () => {
  const { acceptor } = await rig();
  expect(await acceptor.read(lock, 1, soonMs)).toEqual({
    kind: "shown",
    live: [],
    halfTrusted: false,
  });
  const value = { ...emptyRegister, version: 1 };
  const request = { ballot: ballot(1), value, next: ballot(2), attach: [], forget: [] };
  await acceptor.accept(lock, { ...request, generation: 1 }, soonMs);
  expect(await acceptor.read(lock, 1, soonMs)).toMatchObject({
    kind: "shown",
    accepted: { ballot: ballot(1), value },
  });
});

test("a session of another region is met once, and its liveness hangs on that lease", async () => {
  const { here, acceptor } = await rig();
  const session = "a session that was opened elsewhere" as SessionId;
  const met = await acceptor.meet(lock, { session, ttlMs: 10_000 }, soonMs);
  if (met.kind === "failure") throw new Error(met.message);
  expect(met).toMatchObject({ region: "here", shard: "s0", validForMs: 9_650 });
  expect(await acceptor.meet(lock, { session, ttlMs: 10_000 }, soonMs)).toEqual(met);
  const value = { ...emptyRegister, holders: [holderOf("grant", { session })], version: 1 };
  const request = { ballot: ballot(1), value, next: ballot(2), attach: value.holders, forget: [] };
  const accepted = await acceptor.accept(lock, { ...request, generation: 1 }, soonMs);
  expect(accepted).toMatchObject({ attached: [{ grantId: "grant", lease: met.lease }] });
  await here.clock.advance(5_000);
  const kept = await acceptor.keepAlive(lock, session, soonMs);
  expect(kept).toMatchObject({ lease: met.lease, validForMs: 9_650 });
});

test("a lease that ended is never revived: the session is met under a new one", async () => {
  const { here, acceptor } = await rig();
  const session = "a session that was opened elsewhere" as SessionId;
  const met = await acceptor.meet(lock, { session, ttlMs: 10_000 }, soonMs);
  await here.clock.advance(11_500);
  expect(await acceptor.keepAlive(lock, session, soonMs)).toMatchObject({
    code: "SESSION_EXPIRED",
  });
  const anew = await acceptor.meet(lock, { session, ttlMs: 10_000 }, soonMs);
  if (met.kind === "failure" || anew.kind === "failure") throw new Error("both are met");
  expect(anew.lease).not.toBe(met.lease);
});

test("a vote is not given at a generation that is not the region's", async () => {
  const { acceptor } = await rig();
  expect(await acceptor.prepare(lock, { ballot: ballot(1), generation: 2 }, soonMs)).toEqual({
    kind: "other-generation",
    generation: 1,
  });
  expect(await acceptor.read(lock, 2, soonMs)).toEqual({ kind: "other-generation", generation: 1 });
});

test("bytes that cannot be read are named, and left as they are", async () => {
  const { acceptor, put, store, keys } = await rig();
  await put(keys.accepted, utf8("of a newer version"));
  const reply = await acceptor.prepare(lock, { ballot: ballot(1), generation: 1 }, soonMs);
  expect(reply).toMatchObject({ code: "SHARD_UNAVAILABLE", shard: "here/s0" });
  expect(reply).toHaveProperty("message", expect.stringContaining("\\u0000a"));
  const stored = await store?.range({ kind: "range", key: keys.accepted });
  expect(stored).toMatchObject({ range: { kvs: [{ value: utf8("of a newer version") }] } });
});

test("a vote that meets an epoch this router does not know is not given", async () => {
  const { acceptor, store, site, here } = await rig();
  await store?.commit(raiseEpoch(site.epoch, site.epoch + 1));
  const asking = acceptor.prepare(lock, { ballot: ballot(1), generation: 1 }, soonMs);
  await here.clock.advance(30_000);
  expect(await asking).toMatchObject({ kind: "failure" });
});
