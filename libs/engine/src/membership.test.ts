import { utf8 } from "@holdfast/base/bytes";
import { isFailure } from "@holdfast/base/failure";
import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import { generationKey, incarnationKey, registerKeys } from "@holdfast/core/quorum/register-keys";
import { expect, test } from "vitest";
import type { Membership } from "./membership.ts";
import { MemoryShardStore } from "./memory/memory-shard-store.ts";
import type { ShardStore } from "./ports/shard-store.ts";
import { ballot, MemberRegions, registerOf } from "./testing/member-regions.ts";

function rig(shardCount = 2) {
  const clock = new ManualClock();
  const surroundings = { clock, random: new SeededRandom(3) };
  const stores = [0, 1, 2].map(() =>
    Array.from({ length: shardCount }, () => new MemoryShardStore(surroundings)),
  );
  const regions = new MemberRegions(stores, surroundings);
  /** Lets time pass until it is answered. */
  const run = async <A>(asking: Promise<A>): Promise<A> => {
    let isOver = false;
    const answer = asking.finally(() => {
      isOver = true;
    });
    while (!isOver) await clock.advance(50);
    return answer;
  };
  /** Asks for the re-admission until it has come to an end. */
  const readmit = async (membership: Membership) => {
    for (let turn = 0; turn < 100; turn++) {
      const told = await run(membership.readmit(1_000));
      if (isFailure(told) || told.state !== "copying") return told;
      await clock.advance(500);
    }
    throw new Error("the re-admission does not end");
  };
  return { clock, stores, regions, run, readmit };
}

const shardStates = (membership: Membership, region: string) =>
  membership
    .status()
    .regions.find((each) => each.region === region)
    ?.shards.map(({ state }) => state);

async function put(store: ShardStore | undefined, key: string, value: string): Promise<void> {
  const success = [{ kind: "put", key, value: utf8(value), lease: 0n } as const];
  await store?.commit({ compares: [], success, failure: [] });
}

test("a new installation is formed once all shards of all regions were heard", async () => {
  const { regions } = rig();
  for (const region of regions.all) await region.place();
  const [first] = [regions.add(0), regions.add(1)];
  await regions.settle();
  expect(first?.generation()).toMatchObject({ code: "NO_QUORUM", regions: ["east", "west"] });
  expect(await regions.at(0).prepare("lock", 1, 1)).toMatchObject({ generation: 0 });
  const third = regions.add(2);
  await regions.settle();
  expect([first?.generation(), third.generation()]).toEqual([1, 1]);
  for (const region of regions.all) {
    expect(await region.prepare("lock", 1, 1)).toMatchObject({ kind: "promised" });
  }
});

test("coordinators that form it at once form the same one", async () => {
  const { regions } = rig();
  for (const region of regions.all) await region.place();
  const all = [0, 0, 1, 1, 2, 2].map((region) => regions.add(region));
  await Promise.all(all.map((each) => each.refresh()));
  await regions.settle();
  const records = await Promise.all(all.map((each) => each.describe(1_000)));
  const members = records.flatMap((it) =>
    isFailure(it) ? [] : it.shards.map((shard) => shard.members),
  );
  expect(members).toHaveLength(12);
  for (const each of members) expect(each).toEqual(members[0]);
});

test("a shard that lost its data is silent, and says so, until its region is readmitted", async () => {
  const { regions, readmit } = rig();
  const [east, west] = await regions.form();
  for (const index of [1, 2]) await regions.at(index).accept("lock", 7, 1);
  await regions.at(0).wipe();
  await regions.settle();
  expect(await regions.at(0).prepare("lock", 8, 1)).toEqual({
    kind: "other-generation",
    generation: 0,
  });
  expect(shardStates(west as Membership, "east")).toEqual(["silent", "silent"]);
  expect(await readmit(east as Membership)).toMatchObject({ state: "whole", generation: 2 });
  await regions.settle();
  expect([east?.generation(), west?.generation()]).toEqual([2, 2]);
  expect(shardStates(west as Membership, "east")).toEqual(["half-trusted", "half-trusted"]);
  expect(await regions.at(0).prepare("lock", 9, 2)).toMatchObject({
    kind: "promised",
    accepted: { ballot: ballot(7), value: registerOf("lock-7") },
    halfTrusted: true,
  });
});

test("what was promised comes back with what was accepted, the higher of two regions' each", async () => {
  const { regions, readmit } = rig(1);
  const [east] = await regions.form();
  await regions.at(1).accept("lock", 7, 1);
  await regions.at(2).accept("lock", 5, 1);
  await regions.at(2).prepare("lock", 20, 1);
  await regions.at(1).prepare("promised only", 30, 1);
  await regions.at(0).wipe();
  expect(await readmit(east as Membership)).toMatchObject({ state: "whole", copied: 3 });
  expect(await regions.at(0).prepare("lock", 20, 2)).toEqual({
    kind: "refused",
    promised: ballot(20),
  });
  const promised = await regions.at(0).prepare("lock", 21, 2);
  expect(promised).toMatchObject({ accepted: { ballot: ballot(7) } });
  expect(await regions.at(0).prepare("promised only", 30, 2)).toMatchObject({ kind: "refused" });
});

test("many registers are copied, and those of shards that lost nothing are left alone", async () => {
  const { regions, readmit } = rig(2);
  const [east] = await regions.form();
  const names = Array.from({ length: 300 }, (_, index) => `lock/${index}`);
  for (const name of names) {
    for (const region of regions.all) await region.accept(name, 3, 1);
  }
  await regions.at(0).wipe("s1");
  const told = await readmit(east as Membership);
  expect(told).toMatchObject({ state: "whole" });
  const copied = isFailure(told) ? 0 : told.copied;
  expect(copied).toBeGreaterThan(200);
  expect(copied).toBeLessThan(400);
  for (const name of names) {
    const shown = await regions.at(0).prepare(name, 9, 2);
    expect(shown).toMatchObject({ accepted: { value: registerOf(`${name}-3`) } });
  }
});

test("a vote that was asked for before the generation rose comes too late", async () => {
  const { regions, readmit } = rig();
  const [east] = await regions.form();
  await regions.at(0).wipe();
  await readmit(east as Membership);
  for (const region of regions.all) {
    expect(await region.accept("lock", 2, 1)).toEqual({ kind: "other-generation", generation: 2 });
  }
});

test("two coordinators that readmit at once do it once, and restarting does it over", async () => {
  const { regions, readmit } = rig();
  const [east] = await regions.form();
  const other = regions.add(0);
  for (const index of [1, 2]) await regions.at(index).accept("lock", 7, 1);
  await regions.at(0).wipe();
  const both = await Promise.all([readmit(east as Membership), readmit(other)]);
  for (const each of both) expect(each).toMatchObject({ state: "whole" });
  expect(await readmit(east as Membership)).toMatchObject({ state: "whole", copied: 0 });
  const { generation } = both[0] as { generation: number };
  expect(await regions.at(0).prepare("lock", 9, generation)).toMatchObject({ kind: "promised" });
});

test("a copy from before an earlier loss does not admit what was lost since", async () => {
  const { regions, run, clock } = rig(1);
  const [, west] = await regions.form();
  for (const index of [1, 2]) await regions.at(index).accept("lock", 7, 1);
  await regions.at(0).wipe();
  // Its pages come, and while it thinks them over the cluster loses everything once more.
  let pages = 0;
  const slow = regions.add(0, {
    readRegisters: async (query, withinMs) => {
      if (pages++ === 20) await regions.at(0).wipe();
      return (west as Membership).readRegisters(query, withinMs);
    },
  });
  await run(slow.readmit(1_000));
  await clock.advance(300);
  expect(pages).toBeGreaterThan(20);
  // Whatever it does next begins anew: the shard votes with the copy or not at all.
  for (let turn = 0; turn < 40; turn++) {
    await clock.advance(100);
    const shown = await regions.at(0).prepare("lock", 100 + turn, slow.status().generation);
    if (shown.kind !== "promised") continue;
    expect(shown).toMatchObject({ accepted: { ballot: ballot(7) } });
  }
  expect(slow.status().readmission).toMatchObject({ state: "whole" });
});

test("a region that was lost and filled while the others were asked is not unseated", async () => {
  const { regions, run, readmit } = rig(1);
  const [east, west, europe] = await regions.form();
  for (const index of [1, 2]) await regions.at(index).accept("lock", 7, 1);
  await regions.at(0).wipe();
  await east?.describe(1_000);
  let questions = 0;
  const others = [west, europe] as [Membership, Membership];
  let filled: Promise<unknown> | undefined;
  const slow = regions.add(0, {
    describe: async (withinMs) => {
      const asked = others[questions++ % 2] as Membership;
      // While the question is on its way: whoever asked would name a cluster that is gone.
      filled ??= regions
        .at(0)
        .wipe()
        .then(() => readmit(east as Membership));
      await filled;
      return asked.describe(withinMs);
    },
  });
  expect(await run(slow.readmit(60_000))).toMatchObject({ state: "whole", generation: 2 });
  expect(await regions.at(0).prepare("lock", 9, 2)).toMatchObject({ kind: "promised" });
});

test("a change that stopped half-way blocks nobody: who is behind is raised", async () => {
  const { regions } = rig();
  const [east, west, europe] = await regions.form();
  const before = await east?.describe(1_000);
  const record = before?.kind === "claims" ? before.shards[0]?.members : undefined;
  if (record === undefined) throw new Error("no record");
  await west?.raise({ ...record, generation: 2 }, 1_000);
  expect(await regions.at(2).prepare("lock", 1, 2)).toMatchObject({ generation: 1 });
  europe?.onGeneration(2);
  expect(europe?.generation()).toBe(2);
  await regions.settle();
  for (const region of regions.all) {
    expect(await region.prepare("lock", 5, 2)).toMatchObject({ kind: "promised" });
  }
});

test("one cluster under two names gives no vote under either", async () => {
  const clock = new ManualClock();
  const surroundings = { clock, random: new SeededRandom(3) };
  const [one, two] = [new MemoryShardStore(surroundings), new MemoryShardStore(surroundings)];
  const regions = new MemberRegions([[one], [two], [two]], surroundings);
  const memberships = await regions.form();
  for (const each of memberships) expect(each.generation()).toMatchObject({ code: "NO_QUORUM" });
  const [standing] = memberships[0]?.status().regions[1]?.shards ?? [];
  expect(standing).toMatchObject({ state: "silent" });
  expect(standing?.why).toContain("europe/s0");
});

test("a region that is pointed at the etcd of another one is refused, and not readmitted", async () => {
  const { regions, stores, clock, readmit } = rig(1);
  await regions.form();
  const surroundings = { clock, random: new SeededRandom(4) };
  const mixed = new MemberRegions(
    [stores[0] ?? [], stores[1] ?? [], stores[1] ?? []],
    surroundings,
  );
  const all = [mixed.add(0), mixed.add(1), mixed.add(2)];
  await mixed.settle();
  expect(all[2]?.refusal()).toMatchObject({ code: "SHARD_UNAVAILABLE" });
  expect(all[0]?.refusal()).toBeUndefined();
  const told = await readmit(all[2] as Membership);
  expect(told).toMatchObject({ state: "failed" });
  expect(told).toHaveProperty("problem", expect.stringContaining("one and the same"));
});

test("a region cannot be readmitted while another one is away or silent", async () => {
  const { regions, readmit } = rig(1);
  const [east] = await regions.form();
  await regions.at(0).wipe();
  regions.at(2).isCut = true;
  const away = await readmit(east as Membership);
  expect(away).toMatchObject({ state: "failed" });
  expect(away).toHaveProperty("problem", expect.stringContaining("all three regions"));
  regions.at(2).isCut = false;
  await regions.at(2).wipe();
  const silent = await readmit(east as Membership);
  expect(silent).toHaveProperty("problem", expect.stringContaining("europe/s0 gives no votes"));
});

test("a shard that was set back to an older state gives no vote any more", async () => {
  const { regions, stores } = rig(1);
  await regions.form();
  const store = stores[0]?.[0] as MemoryShardStore;
  const honest = store.commit.bind(store);
  store.commit = async (txn) => {
    const reply = await honest(txn);
    return reply.kind === "committed" ? { ...reply, revision: reply.revision - 5n } : reply;
  };
  await regions.at(0).memberships[0]?.refresh();
  store.commit = honest;
  await regions.settle();
  expect(await regions.at(0).prepare("lock", 1, 1)).toMatchObject({ generation: 0 });
});

test("a shard from which only the incarnation was deleted is a new one", async () => {
  const { regions, stores } = rig(1);
  const [east] = await regions.form();
  const drop = { kind: "delete", key: incarnationKey } as const;
  await stores[0]?.[0]?.commit({ compares: [], success: [drop], failure: [] });
  await east?.refresh();
  expect(await regions.at(0).prepare("lock", 1, 1)).toMatchObject({ generation: 0 });
  const gone = await stores[0]?.[0]?.range({ kind: "range", key: generationKey });
  expect(gone).toMatchObject({ range: { count: 0 } });
});

test("bytes that are no vote stop a re-admission, and are named", async () => {
  const { regions, stores, readmit } = rig(1);
  const [east] = await regions.form();
  const { accepted } = registerKeys(7, "default", "damaged");
  await put(stores[1]?.[0], accepted, "no vote");
  await regions.at(0).wipe();
  const told = await readmit(east as Membership);
  expect(told).toMatchObject({ state: "failed" });
  expect(told).toHaveProperty("problem", expect.stringContaining("default/damaged"));
});

test("half trust lasts for the longest ttl of those who held a lock", async () => {
  const { regions, stores, readmit, clock } = rig(1);
  const [east] = await regions.form();
  for (const index of [1, 2]) await regions.at(index).accept("lock", 7, 1, 40_000);
  await regions.at(0).wipe();
  await readmit(east as Membership);
  const isHalfTrusted = async (round: number) => {
    const shown = await regions.at(0).prepare("lock", round, 2);
    return shown.kind === "promised" ? shown.halfTrusted : undefined;
  };
  await clock.advance(38_000);
  expect(await isHalfTrusted(20)).toBe(true);
  await clock.advance(3_000);
  expect(await isHalfTrusted(21)).toBe(false);
  expect(stores).toHaveLength(3);
});
