import { setImmediate as turnOfLoop } from "node:timers/promises";
import { expect, test } from "vitest";
import { runLoad } from "./closed-loop.ts";

test("only turns that end inside the measured time count, and every worker takes turns", async () => {
  const seen = new Set<number>();
  let turns = 0;
  const load = {
    async turn(worker: number, acquireMs: number[]) {
      seen.add(worker);
      turns += 1;
      await turnOfLoop();
      acquireMs.push(1, 2);
      return 2;
    },
  };
  const result = await runLoad(load, { workers: 3, warmupMs: 5, measureMs: 10 });
  expect([...seen].sort()).toEqual([0, 1, 2]);
  expect(result.pairsInAll).toBe(2 * turns);
  expect(result.pairs).toBeLessThanOrEqual(result.pairsInAll);
  expect(result.acquireMs).toHaveLength(result.pairs);
  expect(result.elapsedMs).toBe(10);
});

test("one failed turn fails the run, and the other workers stop", async () => {
  let turns = 0;
  const load = {
    async turn(worker: number) {
      turns += 1;
      await turnOfLoop();
      if (worker === 1) throw new Error("refused");
      return 1;
    },
  };
  const run = runLoad(load, { workers: 2, warmupMs: 0, measureMs: 60_000 });
  await expect(run).rejects.toThrow("refused");
  expect(turns).toBeLessThan(10);
});
