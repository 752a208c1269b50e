import { utf8Text } from "@holdfast/base/bytes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Caller, put, remove, under } from "./calls.ts";
import { type StoreUnderTest, stores } from "./stores.ts";

for (const { name, missing, start } of stores) {
  describe.skipIf(missing !== undefined)(`a read of the past of ${name}`, () => {
    let started: StoreUnderTest;
    let at: Caller;
    beforeAll(async () => {
      started = await start();
      at = new Caller(started.store);
    });
    afterAll(() => started?.[Symbol.asyncDispose]());

    async function past(revision: bigint, key = "r/", limit = 0): Promise<string[]> {
      const reply = await at.store.rangeAt({ ...under("r"), key, limit }, revision);
      if (reply.kind !== "read") throw new Error(reply.kind);
      return reply.range.kvs.map(({ key, value, createRevision, modRevision, lease }) => {
        const leased = lease === 0n ? "" : " leased";
        return `${key}=${utf8Text(value)} of ${createRevision} to ${modRevision}${leased}`;
      });
    }

    it("tells page by page what was there, whatever became of it since", async () => {
      const lease = await at.grant(60);
      const { revision } = await at.write(put("r/a", lease, "1"), put("r/b"), put("r/d"));
      const then = [
        `r/a=1 of ${revision} to ${revision} leased`,
        `r/b=v of ${revision} to ${revision}`,
        `r/d=v of ${revision} to ${revision}`,
      ];
      await at.write(put("r/a", 0n, "2"), remove("r/b"), put("r/c"));
      await at.write(put("r/b", 0n, "3"), remove("r/c"));
      expect(await past(revision)).toEqual(then);
      expect(await past(revision, "r/", 2)).toEqual(then.slice(0, 2));
      expect(await past(revision, "r/b\0", 2)).toEqual(then.slice(2));
      expect(await past(revision + 1n)).toHaveLength(3);
      expect(await past(revision + 2n)).toEqual([
        `r/a=2 of ${revision} to ${revision + 1n}`,
        `r/b=3 of ${revision + 2n} to ${revision + 2n}`,
        `r/d=v of ${revision} to ${revision}`,
      ]);
    });

    it("says so when that is forgotten, and still knows the compacted revision itself", async () => {
      const { revision } = await at.write(put("r/e"));
      const known = await past(revision);
      await at.write(remove("r/e"));
      expect(await at.store.compact(revision)).toEqual({ kind: "compacted" });
      expect(await past(revision)).toEqual(known);
      expect(await at.store.rangeAt(under("r"), revision - 1n)).toEqual({ kind: "compacted" });
    });
  });
}
