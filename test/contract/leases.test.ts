import { setTimeout as sleep } from "node:timers/promises";
import type { LeaseId } from "@holdfast/base/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Caller, eventually, put } from "./calls.ts";
import { type StoreUnderTest, stores } from "./stores.ts";

for (const { name, missing, start } of stores) {
  describe.skipIf(missing !== undefined)(`a lease on ${name}`, () => {
    let started: StoreUnderTest;
    let at: Caller;
    beforeAll(async () => {
      started = await start();
      at = new Caller(started.store);
    });
    afterAll(() => started?.[Symbol.asyncDispose]());

    it("ends no earlier than its ttl, and takes all its keys in one revision", async () => {
      const lease = await at.grant(2);
      const grantedMs = performance.now();
      const { revision } = await at.write(put("e/b", lease), put("e/a", lease), put("e/stays"));
      const { told } = at.watch({ key: "e/", rangeEnd: "e0", startRevision: revision + 1n });
      expect(await eventually(() => told.length > 0, 6_000)).toBe(true);
      expect(performance.now() - grantedMs).toBeGreaterThan(1_990);
      expect(told).toEqual([`${revision + 1n}: -e/a -e/b`]);
      expect(await at.keys("e")).toEqual(["e/stays"]);
      expect(await at.leaseKeys(lease)).toMatchObject({ remainingS: -1, keys: [] });
      expect(await at.store.keepAlive(lease)).toEqual({ kind: "kept", ttlS: 0 });
    });

    it("lives for as long as it is kept alive", async () => {
      const lease = await at.grant(2);
      await at.write(put("k/a", lease));
      for (let round = 0; round < 4; round++) {
        await sleep(1_000);
        expect(await at.store.keepAlive(lease)).toEqual({ kind: "kept", ttlS: 2 });
      }
      expect(await at.keys("k")).toEqual(["k/a"]);
    });

    it("tells what is left of it, rounded down, and its keys in order", async () => {
      const lease = await at.grant(60);
      await at.write(put("r/b", lease), put("r/a", lease), put("r/c"));
      await sleep(20);
      expect(await at.leaseKeys(lease)).toMatchObject({ remainingS: 59, keys: ["r/a", "r/b"] });
      await sleep(1_000);
      expect((await at.leaseKeys(lease)).remainingS).toBe(58);
      await at.store.keepAlive(lease);
      expect((await at.leaseKeys(lease)).remainingS).toBeGreaterThanOrEqual(59);
    });

    it("takes its keys when it is revoked; revoking it again is a success", async () => {
      const lease = await at.grant(60);
      const { revision } = await at.write(put("v/a", lease), put("v/b", lease));
      expect(await at.store.revokeLease(lease)).toEqual({ kind: "revoked" });
      const after = await at.read({ kind: "range", key: "v/", rangeEnd: "v0" });
      expect([after.count, after.revision]).toEqual([0, revision + 1n]);
      expect(await at.store.revokeLease(lease)).toEqual({ kind: "revoked" });
      expect(await at.store.revokeLease(4_711n as LeaseId)).toEqual({ kind: "revoked" });
    });

    it("moves no revision when it ends without keys", async () => {
      const { revision } = await at.write(put("n/a"));
      await at.store.revokeLease(await at.grant(60));
      expect((await at.write(put("n/a"))).revision).toBe(revision + 1n);
    });

    it("loses a key that is put under another lease, or under none", async () => {
      const [old, other] = [await at.grant(60), await at.grant(60)];
      await at.write(put("m/a", old), put("m/b", old), put("m/c", old));
      await at.write(put("m/a", other), put("m/b"));
      expect((await at.leaseKeys(old)).keys).toEqual(["m/c"]);
      expect((await at.leaseKeys(other)).keys).toEqual(["m/a"]);
      await at.store.revokeLease(old);
      expect(await at.keys("m")).toEqual(["m/a", "m/b"]);
    });

    it("answers 0 to the keepalive of a lease that never was, and -1 for what is left", async () => {
      expect(await at.store.keepAlive(4_711n as LeaseId)).toEqual({ kind: "kept", ttlS: 0 });
      expect((await at.leaseKeys(4_711n as LeaseId)).remainingS).toBe(-1);
    });

    it("gets an id that was never used before", async () => {
      const ids = new Set<bigint>();
      for (let round = 0; round < 50; round++) {
        const lease = await at.grant(60);
        ids.add(lease);
        if (round % 2 === 0) await at.store.revokeLease(lease);
      }
      expect(ids.size).toBe(50);
      expect(ids.has(0n)).toBe(false);
    });

    it("has each of many keepalives at once answered for itself", async () => {
      const leases = await Promise.all([60, 61, 62, 63].map((ttlS) => at.grant(ttlS)));
      const asked = Array.from({ length: 400 }, (_, index) => index % 5);
      const answers = await Promise.all(
        asked.map((slot) => at.store.keepAlive(leases[slot] ?? (4_711n as LeaseId))),
      );
      const expected = asked.map((slot) => ({ kind: "kept", ttlS: slot === 4 ? 0 : 60 + slot }));
      expect(answers).toEqual(expected);
    });
  });
}
