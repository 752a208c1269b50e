import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batch, Caller, eventually, put, remove, txn, under } from "./calls.ts";
import { type StoreUnderTest, stores } from "./stores.ts";

for (const { name, missing, start } of stores) {
  describe.skipIf(missing !== undefined)(`a watch on ${name}`, () => {
    let started: StoreUnderTest;
    let at: Caller;
    beforeAll(async () => {
      started = await start();
      at = new Caller(started.store);
    });
    afterAll(() => started?.[Symbol.asyncDispose]());

    it("tells the past from its start revision, then the present, each revision whole", async () => {
      await at.write(put("o/before"));
      const first = await at.write(put("o/a"), put("other"), put("o/b"));
      await at.write(put("elsewhere"));
      await at.commit(batch(txn([], [remove("o/a")]), txn([], [put("o/c")])));
      const request = { key: "o/", rangeEnd: "o0", startRevision: first.revision };
      const { told } = at.watch(request);
      expect(await eventually(() => told.length === 2)).toBe(true);
      const last = await at.write(put("o/d"));
      expect(await eventually(() => told.length === 3)).toBe(true);
      expect(told).toEqual([
        `${first.revision}: +o/a +o/b`,
        `${first.revision + 2n}: -o/a +o/c`,
        `${last.revision}: +o/d`,
      ]);
    });

    it("waits for a start revision that has not come yet", async () => {
      const { revision } = await at.write(put("f/now"));
      const { told } = at.watch({ key: "f/", rangeEnd: "f0", startRevision: revision + 2n });
      await at.write(put("f/skipped"));
      await at.write(put("f/told"));
      expect(await eventually(() => told.length > 0)).toBe(true);
      expect(told).toEqual([`${revision + 2n}: +f/told`]);
    });

    it("of one key hears nothing of its neighbours", async () => {
      const { revision } = await at.write(put("one"));
      const { told } = at.watch({ key: "one", startRevision: revision });
      await at.write(put("one0"), put("on"));
      await at.write(put("one"));
      expect(await eventually(() => told.length === 2)).toBe(true);
      expect(told).toEqual([`${revision}: +one`, `${revision + 2n}: +one`]);
    });

    it("tells a key put and deleted in one revision in that order", async () => {
      const request = batch(txn([], [put("p/a")]), txn([], [remove("p/a")]));
      const { revision } = await at.commit(request);
      const { told } = at.watch({ key: "p/", rangeEnd: "p0", startRevision: revision });
      expect(await eventually(() => told.length > 0)).toBe(true);
      expect(told).toEqual([`${revision}: +p/a -p/a`]);
    });

    it("tells two watches of one key the same", async () => {
      const { revision } = await at.write(put("two"));
      const [one, other] = [0, 1].map(() => at.watch({ key: "two", startRevision: revision + 1n }));
      for (let round = 0; round < 20; round++) await at.write(put("two"));
      expect(await eventually(() => one?.told.length === 20 && other?.told.length === 20)).toBe(
        true,
      );
      expect(one?.told).toEqual(other?.told);
    });

    it("is silent once it is cancelled", async () => {
      const { revision } = await at.write(put("c/a"));
      const cancelled = at.watch({ key: "c/", rangeEnd: "c0", startRevision: revision + 1n });
      const other = at.watch({ key: "c/", rangeEnd: "c0", startRevision: revision + 1n });
      await at.write(put("c/b"));
      expect(await eventually(() => cancelled.told.length === 1)).toBe(true);
      cancelled.cancel();
      await at.write(put("c/c"));
      expect(await eventually(() => other.told.length === 2)).toBe(true);
      expect(cancelled.told).toHaveLength(1);
    });

    it("with previous values tells what each key was before the revision", async () => {
      const lease = await at.grant(60);
      const first = await at.write(put("w/a", lease, "1"), put("w/b", 0n, "1"));
      const { told } = at.watchPrevious({ ...under("w"), startRevision: first.revision });
      const second = await at.write(put("w/a", 0n, "2"), remove("w/b"));
      // Both are told what was before the request, though the second finds what the first wrote.
      await at.commit(batch(txn([], [put("w/a", 0n, "3")]), txn([], [remove("w/", "w0")])));
      await at.commit(batch(txn([], [put("w/c")]), txn([], [remove("w/c")])));
      await at.write(put("w/d", lease, "1"));
      await at.store.revokeLease(lease);
      expect(await eventually(() => told.length === 6)).toBe(true);
      const [one, two] = [first.revision, second.revision];
      expect(told).toEqual([
        `${one}: +w/a +w/b`,
        `${two}: +w/a was 1 of ${one} leased -w/b was 1 of ${one}`,
        `${two + 1n}: +w/a was 2 of ${two} -w/a was 2 of ${two}`,
        `${two + 2n}: +w/c -w/c`,
        `${two + 3n}: +w/d`,
        `${two + 4n}: -w/d was 1 of ${two + 3n} leased`,
      ]);
    });

    it("with previous values lacks only those before the compacted revision", async () => {
      await at.write(put("y/a", 0n, "1"));
      const second = await at.write(put("y/a", 0n, "2"));
      const third = await at.write(put("y/a", 0n, "3"));
      expect(await at.store.compact(second.revision)).toEqual({ kind: "compacted" });
      const { told } = at.watchPrevious({ ...under("y"), startRevision: second.revision });
      expect(await eventually(() => told.length === 2)).toBe(true);
      expect(told).toEqual([
        `${second.revision}: +y/a`,
        `${third.revision}: +y/a was 2 of ${second.revision}`,
      ]);
    });

    it("that asks for what is compacted ends so, and one from the compacted revision on runs", async () => {
      const first = await at.write(put("z/a"));
      const second = await at.write(put("z/a"), put("z/b"));
      expect(await at.store.compact(second.revision)).toEqual({ kind: "compacted" });
      expect(await at.store.compact(first.revision)).toEqual({ kind: "compacted" });
      expect(await at.store.compact(second.revision + 10n)).toMatchObject({ reason: "invalid" });
      const tooOld = at.watch({ key: "z/", rangeEnd: "z0", startRevision: first.revision });
      const running = at.watch({ key: "z/", rangeEnd: "z0", startRevision: second.revision });
      const told = () => tooOld.told.length > 0 && running.told.length > 0;
      expect(await eventually(told)).toBe(true);
      expect(tooOld.told).toEqual(["compacted"]);
      expect(running.told).toEqual([`${second.revision}: +z/a +z/b`]);
      expect(await at.keys("z")).toEqual(["z/a", "z/b"]);
    });

    it("hands over 3,000 events of 30 revisions whole, however they were packed", async () => {
      const value = "x".repeat(10_000);
      const { revision } = await at.write(put("large"));
      for (let round = 1; round <= 30; round++) {
        await at.write(...Array.from({ length: 100 }, (_, index) => put(`l/${index}`, 0n, value)));
      }
      const { told } = at.watch({ key: "l/", rangeEnd: "l0", startRevision: revision });
      expect(await eventually(() => told.length === 30, 20_000)).toBe(true);
      expect(told.every((line) => line.split(" ").length === 101)).toBe(true);
    });
  });
}
