import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import { CacheBreaker } from "./cache-breaker.ts";
import { MemoryCache } from "./memory/memory-cache.ts";
import { MemoryMeter } from "./memory/memory-meter.ts";

function rig() {
  const clock = new ManualClock();
  const meter = new MemoryMeter();
  const memory = new MemoryCache(clock);
  let asked = 0;
  const breaker = new CacheBreaker(
    {
      read: (keys) => {
        asked++;
        return memory.read(keys);
      },
      write: (entries) => memory.write(entries),
    },
    clock,
    meter,
  );
  const kinds = async (times: number) => {
    const replies = [];
    for (let time = 0; time < times; time++) replies.push((await breaker.read(["a"])).kind);
    return replies;
  };
  return { clock, meter, memory, breaker, kinds, asked: () => asked };
}

test("after three failures in a row nobody asks for a second, and then one does", async () => {
  const { clock, meter, memory, kinds, asked } = rig();
  memory.reachable = false;
  expect(await kinds(10)).toEqual(Array(10).fill("unavailable"));
  expect(asked()).toBe(3);
  await clock.advance(999);
  await kinds(5);
  expect(asked()).toBe(3);
  await clock.advance(1);
  await kinds(5);
  expect(asked()).toBe(4);
  expect(meter.read("holdfast_cache_rests_total")).toBe(2);
});

test("one answer is enough to ask as before", async () => {
  const { clock, memory, kinds } = rig();
  memory.reachable = false;
  await kinds(3);
  memory.reachable = true;
  expect(await kinds(1)).toEqual(["unavailable"]);
  await clock.advance(1_000);
  expect(await kinds(4)).toEqual(["read", "read", "read", "read"]);
});

test("failures that do not follow one another mean nothing", async () => {
  const { memory, kinds, asked } = rig();
  for (let time = 0; time < 5; time++) {
    memory.reachable = false;
    await kinds(2);
    memory.reachable = true;
    await kinds(1);
  }
  expect(asked()).toBe(15);
});

test("while one call tries a cache that failed, the others go without", async () => {
  const { clock, memory, breaker, kinds, asked } = rig();
  memory.reachable = false;
  await kinds(3);
  await clock.advance(1_000);
  memory.reachable = true;
  const all = await Promise.all([breaker.read([]), breaker.read([]), breaker.write([])]);
  expect(all.map(({ kind }) => kind)).toEqual(["read", "unavailable", "unavailable"]);
  expect(asked()).toBe(4);
});
