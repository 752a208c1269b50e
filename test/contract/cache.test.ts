import { SystemClock } from "@holdfast/base/clock";
import { MemoryCache } from "@holdfast/engine/memory/memory-cache";
import { type CacheWrite, cacheLimits } from "@holdfast/engine/ports/cache";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CacheUnderTest, caches, mark, standing, value, write } from "./caches.ts";

for (const { name, missing, start } of caches) {
  describe.skipIf(missing !== undefined)(`${name}`, () => {
    let started: CacheUnderTest;
    let cache: CacheUnderTest["cache"];
    beforeAll(async () => {
      started = await start();
      cache = started.cache;
    });
    afterAll(() => started?.[Symbol.asyncDispose]());
    beforeEach(() => started.flush());

    it("gives back what was written, and nothing where nothing was", async () => {
      expect(await write(cache, value("a", 7n, "seven"), mark("b", 8n))).toBe(0);
      expect(await standing(cache, "a", "b", "c")).toEqual(["7 seven", "8!", undefined]);
      expect(await standing(cache)).toEqual([]);
      expect(await write(cache)).toBe(0);
    });

    it("never lets an older entry overwrite a newer one", async () => {
      await write(cache, value("a", 7n, "seven"));
      expect(await write(cache, value("a", 6n, "six"), mark("a", 6n))).toBe(2);
      expect(await standing(cache, "a")).toEqual(["7 seven"]);
      expect(await write(cache, mark("a", 8n), value("a", 7n, "seven"))).toBe(1);
      expect(await standing(cache, "a")).toEqual(["8!"]);
    });

    it("takes a value for the mark of its own revision, and not the other way round", async () => {
      await write(cache, mark("a", 7n));
      expect(await write(cache, value("a", 7n, "seven"))).toBe(0);
      expect(await write(cache, mark("a", 7n))).toBe(1);
      expect(await standing(cache, "a")).toEqual(["7 seven"]);
      expect(await write(cache, value("a", 7n, "again"))).toBe(0);
      expect(await standing(cache, "a")).toEqual(["7 again"]);
    });

    it("compares revisions by their number, up to the last of 64 bits", async () => {
      const last = 2n ** 64n - 1n;
      const order = [0n, 9n, 10n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, last];
      for (const revision of order) {
        expect(await write(cache, value("a", revision, "x"))).toBe(0);
        for (const older of order.filter((each) => each < revision)) {
          expect(await write(cache, value("a", older, "older"))).toBe(1);
        }
        expect(await standing(cache, "a")).toEqual([`${revision} x`]);
      }
    });

    it("keeps every byte of a value, also the longest", async () => {
      const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const longest = new Uint8Array(cacheLimits.valueBytesMax).fill(255);
      const empty = new Uint8Array(0);
      for (const [revision, bytes] of [everyByte, longest, empty].entries()) {
        await write(cache, { ...mark("a", BigInt(revision)), value: bytes });
        const reply = await cache.read(["a"]);
        const found = reply.kind === "read" ? reply.entries[0]?.value : undefined;
        expect(found && Buffer.compare(found, bytes)).toBe(0);
      }
    });

    it("lets an entry go when its time is over", async () => {
      await write(cache, { ...value("a", 9n, "nine"), ttlMs: 50 });
      await write(cache, { ...mark("b", 9n), ttlMs: 50 });
      await new Promise((resolve) => setTimeout(resolve, 120));
      expect(await standing(cache, "a", "b")).toEqual([undefined, undefined]);
      // Nor does it stand in the way any more.
      expect(await write(cache, value("a", 1n, "one"))).toBe(0);
    });

    it("holds what passes its bounds for a bug", async () => {
      const tooMany = Array.from({ length: cacheLimits.keysMax + 1 }, (_, index) => `${index}`);
      await expect(cache.read(tooMany)).rejects.toThrow("bounded");
      await expect(cache.read(["k".repeat(1_025)])).rejects.toThrow("bounded");
      const tooLong = new Uint8Array(cacheLimits.valueBytesMax + 1);
      const wrong: CacheWrite[] = [
        { ...mark("a", 1n), value: tooLong },
        { ...mark("a", 1n), ttlMs: 0 },
        { ...mark("a", 1n), ttlMs: cacheLimits.ttlMsMax + 1 },
        mark("a", -1n),
        mark("a", 2n ** 64n),
      ];
      for (const entry of wrong) await expect(cache.write([entry])).rejects.toThrow();
      expect(await standing(cache, "a")).toEqual([undefined]);
    });

    it("answers any writes and reads as its twin does", async () => {
      const key = fc.constantFrom("a", "b", "c");
      const revision = fc.bigInt({ min: 0n, max: 5n });
      const entry = fc.oneof(
        fc.tuple(key, revision, fc.string()).map(([k, r, text]) => value(k, r, text)),
        fc.tuple(key, revision).map(([k, r]) => mark(k, r)),
      );
      const program = fc.array(fc.array(entry, { maxLength: 5 }), { maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(program, async (batches) => {
          await started.flush();
          const twin = new MemoryCache(new SystemClock());
          for (const batch of batches) {
            expect(await cache.write(batch)).toEqual(await twin.write(batch));
            const keys = ["a", "b", "c", "a"];
            expect(await standing(cache, ...keys)).toEqual(await standing(twin, ...keys));
          }
        }),
        { numRuns: 60 },
      );
    });

    it("keeps the newest of writers that race", async () => {
      const writes = Array.from({ length: 200 }, (_, index) =>
        value("a", BigInt((index * 37) % 200), `${(index * 37) % 200}`),
      );
      await Promise.all(writes.map((each) => write(cache, each)));
      expect(await standing(cache, "a")).toEqual(["199 199"]);
    });
  });
}
