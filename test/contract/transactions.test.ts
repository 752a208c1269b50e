import { utf8 } from "@holdfast/base/bytes";
import { absent, createdAt, rangeEmpty, valueIs, writtenAt } from "@holdfast/core/txn/txn";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batch, Caller, put, remove, txn, under } from "./calls.ts";
import { type StoreUnderTest, stores } from "./stores.ts";

/** A new prefix for every test: on a real store nothing is ever empty. */
let tests = 0;
function prefixOf(): string {
  tests += 1;
  return `t${tests}`;
}

for (const { name, missing, start } of stores) {
  describe.skipIf(missing !== undefined)(`a transaction on ${name}`, () => {
    let started: StoreUnderTest;
    let at: Caller;
    beforeAll(async () => {
      started = await start();
      at = new Caller(started.store);
    });
    afterAll(() => started?.[Symbol.asyncDispose]());

    describe("hazard 1: compares do not see the batch's own writes", () => {
      it("lets an exclusive and a shared acquire of one lock both succeed in one batch", async () => {
        const p = prefixOf();
        const empty = rangeEmpty(`${p}/`, `${p}0`);
        const both = batch(txn([empty], [put(`${p}/x`)]), txn([empty], [put(`${p}/s`)]));
        expect(await at.taken(both)).toEqual([true, true]);
        expect(await at.keys(p)).toEqual([`${p}/s`, `${p}/x`]);
      });

      it("lets a put and a later delete of one key both succeed", async () => {
        const p = prefixOf();
        const both = batch(txn([absent(`${p}/a`)], [put(`${p}/a`)]), txn([], [remove(`${p}/a`)]));
        expect(await at.taken(both)).toEqual([true, true]);
        expect(await at.keys(p)).toEqual([]);
      });

      it("decides a nested branch by the state before the whole request", async () => {
        const p = prefixOf();
        const nested = txn([absent(`${p}/a`)], [put(`${p}/saw-nothing`)], [put(`${p}/saw-it`)]);
        await at.write(put(`${p}/a`), { kind: "txn", txn: nested });
        expect(await at.keys(p)).toEqual([`${p}/a`, `${p}/saw-nothing`]);
      });
    });

    describe("hazard 2: a key written twice refuses the whole batch", () => {
      it("refuses two puts, even in branches that exclude each other", async () => {
        const p = prefixOf();
        const has = valueIs(`${p}/c`, utf8("v"));
        const lacks = absent(`${p}/c`);
        const one = txn([has], [put(`${p}/a`)]);
        const other = txn([lacks], [put(`${p}/a`)]);
        expect(await at.refused(batch(one, other))).toBe("duplicate-key");
        expect(await at.refused(txn([], [put(`${p}/a`), put(`${p}/a`)]))).toBe("duplicate-key");
        expect(await at.keys(p)).toEqual([]);
      });

      it("refuses a put after a delete that covers it, and takes the two in the other order", async () => {
        const p = prefixOf();
        const deletion = txn([], [remove(`${p}/`, `${p}0`)]);
        const writing = txn([], [put(`${p}/a`)]);
        expect(await at.refused(batch(deletion, writing))).toBe("duplicate-key");
        expect(await at.taken(batch(writing, deletion))).toEqual([true, true]);
      });

      it("takes a put in both branches of one nested transaction", async () => {
        const p = prefixOf();
        const either = txn([absent(`${p}/b`)], [put(`${p}/a`)], [put(`${p}/a`)]);
        expect(await at.taken(batch(either))).toEqual([true]);
      });
    });

    describe("hazard 3: a put under a lease that does not exist", () => {
      it("refuses the whole batch and applies nothing", async () => {
        const p = prefixOf();
        const lease = await at.grant(60);
        await at.store.revokeLease(lease);
        const request = batch(txn([], [put(`${p}/a`)]), txn([], [put(`${p}/b`, lease)]));
        const { revision } = await at.read(under(p));
        expect(await at.refused(request)).toBe("lease-not-found");
        expect(await at.read(under(p))).toEqual({ texts: [], count: 0, revision });
      });

      it("is harmless in a branch that is not taken", async () => {
        const p = prefixOf();
        const untaken = txn([], [put(`${p}/a`)], [put(`${p}/b`, 4_711n)]);
        expect(await at.taken(batch(untaken))).toEqual([true]);
      });
    });

    describe("hazard 4: limits", () => {
      const puts = (p: string, count: number) =>
        Array.from({ length: count }, (_, index) => put(`${p}/${index}`));

      it("takes 128 operations and refuses 129", async () => {
        const p = prefixOf();
        expect(await at.refused(txn([], puts(p, 129)))).toBe("too-many-operations");
        await at.write(...puts(p, 128));
        expect(await at.keys(p)).toHaveLength(128);
      });

      it("counts the outer operations and the longest list of the largest nested one", async () => {
        const p = prefixOf();
        const outer = puts(p, 119);
        const compares = (count: number) =>
          Array.from({ length: count }, (_, index) => absent(`${p}/n${index}`));
        const nested = (count: number) => ({ kind: "txn" as const, txn: txn(compares(count), []) });
        expect(await at.refused(txn([], [...outer, nested(9)]))).toBe("too-many-operations");
        await at.write(...outer, nested(8));
      });

      it("refuses a request of more than 1.5 MiB", async () => {
        const p = prefixOf();
        const large = (bytes: number) => put(`${p}/a`, 0n, "x".repeat(bytes));
        expect(await at.refused(txn([], [large(1_572_864)]))).toBe("too-large");
        expect(await at.refused(txn([], [large(4_000_000)]))).toBe("too-large");
        await at.write(large(1_572_500));
      });
    });

    it("hazard 5: a value compare on a missing key is false, whatever its operator", async () => {
      const p = prefixOf();
      for (const op of ["=", "!=", "<", ">"] as const) {
        const compare = { target: "value", key: `${p}/a`, op, value: utf8("") } as const;
        expect((await at.commit(txn([compare], []))).result.succeeded).toBe(false);
      }
    });

    it("moves the revision by one if it wrote, and gives all its keys that revision", async () => {
      const p = prefixOf();
      const before = await at.write(put(`${p}/a`), put(`${p}/b`));
      const reading = await at.commit(txn([], [under(p)], []));
      const nothing = await at.write(remove(`${p}/c`));
      const after = await at.commit(batch(txn([], [put(`${p}/a`)]), txn([], [remove(`${p}/b`)])));
      expect(reading.revision).toBe(before.revision);
      expect(nothing.revision).toBe(before.revision);
      expect(after.revision).toBe(before.revision + 1n);
      expect(await at.taken(batch(txn([createdAt(`${p}/a`, before.revision)], [])))).toEqual([
        true,
      ]);
      expect(await at.taken(batch(txn([writtenAt(`${p}/a`, after.revision)], [])))).toEqual([true]);
    });

    it("counts a key made anew from its new creation", async () => {
      const p = prefixOf();
      const first = await at.write(put(`${p}/a`));
      await at.write(remove(`${p}/a`));
      const again = await at.write(put(`${p}/a`));
      const compares = [createdAt(`${p}/a`, first.revision), createdAt(`${p}/a`, again.revision)];
      const taken = await at.taken(batch(...compares.map((compare) => txn([compare], []))));
      expect(taken).toEqual([false, true]);
    });

    it("shows its earlier writes to its own ranges", async () => {
      const p = prefixOf();
      await at.write(put(`${p}/old`));
      const steps = [put(`${p}/new`), under(p), remove(`${p}/old`), under(p)];
      const { result } = await at.write(...steps);
      const found = result.results.map((each) => (each.kind === "range" ? each.count : each.kind));
      expect(found).toEqual(["put", 2, "delete", 1]);
    });

    it("holds a range compare only if every key in it agrees", async () => {
      const p = prefixOf();
      const first = await at.write(put(`${p}/a`));
      await at.write(put(`${p}/b`));
      const range = { target: "create", key: `${p}/`, rangeEnd: `${p}0` } as const;
      const same = txn([{ ...range, op: "=", revision: first.revision }], []);
      const notLater = txn([{ ...range, op: "<", revision: first.revision + 2n }], []);
      expect(await at.taken(batch(same, notLater))).toEqual([false, true]);
    });

    it("orders, limits and counts what a range finds", async () => {
      const p = prefixOf();
      for (const name of ["c", "a", "b"]) await at.write(put(`${p}/${name}`, 0n, name));
      const byKey = await at.read({ ...under(p), limit: 2 });
      expect([byKey.texts, byKey.count]).toEqual([[`${p}/a=a`, `${p}/b=b`], 3]);
      const byAge = await at.read({ ...under(p), order: "create", limit: 2, keysOnly: true });
      expect([byAge.texts, byAge.count]).toEqual([[`${p}/c=`, `${p}/a=`], 3]);
      const counted = await at.read({ ...under(p), countOnly: true });
      expect([counted.texts, counted.count]).toEqual([[], 3]);
    });

    it("keeps every byte of a value, and of a key", async () => {
      const p = prefixOf();
      const value = Uint8Array.from({ length: 256 }, (_, index) => index);
      const key = `${p}/\0\u0001~`;
      await at.write({ kind: "put", key, value, lease: 0n });
      const reply = await at.store.range(under(p));
      if (reply.kind !== "read") throw new Error(reply.message);
      const [kv] = reply.range.kvs;
      expect(kv?.key).toBe(key);
      expect(Buffer.compare(kv?.value ?? new Uint8Array(), value)).toBe(0);
    });

    it("is refused for want of space if any branch could put, and may still delete", async () => {
      const p = prefixOf();
      const lease = await at.grant(60);
      await at.write(put(`${p}/a`, lease), put(`${p}/b`));
      await started.useUpSpace(true);
      try {
        expect(await at.refused(txn([], [], [put(`${p}/c`)]))).toBe("no-space");
        expect(await at.store.grantLease(5)).toMatchObject({ reason: "no-space" });
        expect(await at.store.keepAlive(lease)).toEqual({ kind: "kept", ttlS: 60 });
        await at.write(remove(`${p}/b`));
        await at.store.revokeLease(lease);
      } finally {
        await started.useUpSpace(false);
      }
      expect(await at.keys(p)).toEqual([]);
      await at.write(put(`${p}/c`));
    });

    it("is refused if a key is empty", async () => {
      expect(await at.refused(txn([], [put("")]))).toBe("invalid");
      expect(await at.refused(txn([absent("")], []))).toBe("invalid");
    });
  });
}
