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
  const promised = await acceptor.prepare(lock, { ballot: ballot(1), generation: 1 });
  expect(promised).toEqual({ kind: "promised", live: [], halfTrusted: false });
  const value = { ...emptyRegister, holders: [holderOf("grant", { session })], version: 1 };
  const accepted = await acceptor.accept(lock, {
    ballot: ballot(1),
    value,
    next: ballot(2),
    attach: value.holders,
    forget: [],
    generation: 1,
  });
  expect(accepted).toMatchObject({ kind: "accepted", attached: [{ grantId: "grant" }] });
  const shown = await acceptor.prepare(lock, { ballot: ballot(3), generation: 1 });
  expect(shown).toMatchObject({
    kind: "promised",
    accepted: { ballot: ballot(1), value },
    live: [{ grantId: "grant" }],
  });
  expect(await acceptor.prepare(lock, { ballot: ballot(2), generation: 1 })).toEqual({
    kind: "refused",
    promised: ballot(3),
  });
});

test("a grant whose session nobody knows here is accepted without its liveness", async () => {
  const { acceptor } = await rig();
  const stranger = holderOf("grant", { session: "0123456789012345678901" as SessionId });
  const accepted = await acceptor.accept(lock, {
    ballot: ballot(1),
    value: { ...emptyRegister, holders: [stranger], version: 1 },
    next: ballot(2),
    attach: [stranger],
    forget: [],
    generation: 1,
  });
  expect(accepted).toEqual({ kind: "accepted", attached: [] });
});

test("a vote is not given at a generation that is not the region's", async () => {
  const { acceptor } = await rig();
  expect(await acceptor.prepare(lock, { ballot: ballot(1), generation: 2 })).toEqual({
    kind: "other-generation",
    generation: 1,
  });
});

test("bytes that cannot be read are named, and left as they are", async () => {
  const { acceptor, put, store, keys } = await rig();
  await put(keys.accepted, utf8("of a newer version"));
  const reply = await acceptor.prepare(lock, { ballot: ballot(1), generation: 1 });
  expect(reply).toMatchObject({ code: "SHARD_UNAVAILABLE", shard: "here/s0" });
  expect(reply).toHaveProperty("message", expect.stringContaining("\\u0000a"));
  const stored = await store?.range({ kind: "range", key: keys.accepted });
  expect(stored).toMatchObject({ range: { kvs: [{ value: utf8("of a newer version") }] } });
});

test("a vote that meets an epoch this router does not know is not given", async () => {
  const { acceptor, store, site, here } = await rig();
  await store?.commit(raiseEpoch(site.epoch, site.epoch + 1));
  const asking = acceptor.prepare(lock, { ballot: ballot(1), generation: 1 });
  await here.clock.advance(30_000);
  expect(await asking).toMatchObject({ kind: "failure" });
});
