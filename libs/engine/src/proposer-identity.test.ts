import { utf8 } from "@holdfast/base/bytes";
import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import { expect, test } from "vitest";
import { MemoryShardStore } from "./memory/memory-shard-store.ts";
import type { CommitReply, ShardStore } from "./ports/shard-store.ts";
import { incarnationKey, type ProposerIdentity, takeIdentity } from "./proposer-identity.ts";
import { makeShard } from "./shard.ts";

const surroundings = { clock: new ManualClock(), random: new SeededRandom(3) };
const memory = () => new MemoryShardStore(surroundings);

async function take(store: ShardStore, ordinal = 0, seed = 5): Promise<ProposerIdentity> {
  const shard = makeShard("here", "s0", store, surroundings);
  const taken = await takeIdentity({ shard, ordinal, random: new SeededRandom(seed) });
  if (taken.kind === "failure") throw new Error(taken.message);
  return taken;
}

test("coordinators that start at the same time never get the same pair", async () => {
  const store = memory();
  const taken = await Promise.all(Array.from({ length: 20 }, () => take(store)));
  const incarnations = taken.map(({ incarnation }) => incarnation);
  expect([...incarnations].sort((left, right) => left - right)).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
});

test("coordinators of two regions never get the same proposer id", async () => {
  const [first, second] = [await take(memory(), 0), await take(memory(), 1)];
  expect(first.incarnation).toBe(second.incarnation);
  expect(second.proposer).toBe(first.proposer + 1);
});

test("a coordinator whose region lost its data, and so counts anew, draws another proposer id", async () => {
  const [before, after] = [await take(memory(), 2, 1), await take(memory(), 2, 2)];
  expect(before.incarnation).toBe(after.incarnation);
  expect(before.proposer).not.toBe(after.proposer);
});

test("a proposer id fits 32 bits without a sign", async () => {
  const store = memory();
  for (let seed = 0; seed < 50; seed++) {
    const { proposer } = await take(store, seed % 3, seed);
    expect(proposer).toBe(proposer >>> 0);
    expect(proposer & 3).toBe(seed % 3);
  }
});

test("a number whose answer was lost is given to nobody", async () => {
  const store = memory();
  let isLost = true;
  const deaf: ShardStore = Object.assign(Object.create(store), {
    commit: async (txn: Parameters<ShardStore["commit"]>[0]): Promise<CommitReply> => {
      const reply = await store.commit(txn);
      if (!isLost) return reply;
      isLost = false;
      return { kind: "unknown", message: "the answer was lost" };
    },
    range: (range: Parameters<ShardStore["range"]>[0]) => store.range(range),
  });
  expect(await take(deaf)).toMatchObject({ incarnation: 2 });
});

test("a store that is out of reach gives no identity", async () => {
  const away: ShardStore = Object.assign(Object.create(memory()), {
    range: async () => ({ kind: "unavailable", message: "away" }),
  });
  const shard = makeShard("here", "s0", away, surroundings);
  const taken = await takeIdentity({ shard, ordinal: 0, random: surroundings.random });
  expect(taken).toMatchObject({ code: "SHARD_UNAVAILABLE", shard: "here/s0" });
});

test("a counter that cannot be read is named, and left as it is", async () => {
  const store = memory();
  const put = { kind: "put", key: incarnationKey, value: utf8("many"), lease: 0n } as const;
  await store.commit({ compares: [], success: [put], failure: [] });
  const shard = makeShard("here", "s0", store, surroundings);
  const taken = await takeIdentity({ shard, ordinal: 0, random: surroundings.random });
  expect(taken).toHaveProperty("message", expect.stringContaining("m/coordinator/incarnation"));
});
