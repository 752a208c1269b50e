import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import { expect, test } from "vitest";
import { BatchPace } from "../batch-pace.ts";
import { MemoryMeter } from "../memory/memory-meter.ts";
import { MemoryShardStore } from "../memory/memory-shard-store.ts";
import { makeMeasuredShard } from "./measured-shard.ts";

test("its committer keeps the pace that it is given", async () => {
  const surroundings = { clock: new ManualClock(), random: new SeededRandom(1) };
  const sent: number[] = [];
  class Told extends BatchPace {
    override sent(operations: number) {
      sent.push(operations);
      return super.sent(operations);
    }
  }
  const pace = new Told(surroundings.clock);
  const store = new MemoryShardStore(surroundings);
  const meter = new MemoryMeter();
  const { committer } = makeMeasuredShard("here", "s0", store, surroundings, { meter }, { pace });
  await committer.submit({ compares: [], success: [], failure: [] }, "a");
  expect(sent).toEqual([1]);
});
