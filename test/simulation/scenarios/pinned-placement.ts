import { lockKeys } from "@holdfast/core/lock/keys";
import { slotOf } from "@holdfast/core/placement/slot";
import { putting } from "@holdfast/simulator/store/shard-link";
import { simulatedHash } from "../world/simulated-hash.ts";
import { isRefusal, type Scenario } from "./stage.ts";

/** The placement changes while an operation that an older one sent to a shard is under way. */
export const pinnedPlacement: Scenario = {
  name: "pinned-placement",
  rule: "[H8] An operation pins one placement, and compares the version that chose its shard",
  shards: 2,
  lastsMs: 30_000,
  async play(stage) {
    const { world } = stage;
    const [r0, r1] = [stage.router("r0"), stage.router("r1")];
    const alice = stage.client("alice", [r0], { ttlMs: 20_000 });
    const carol = stage.client("carol", [r0], { ttlMs: 20_000 });
    const bob = stage.client("bob", [r1], { ttlMs: 20_000 });
    await stage.until(100);
    const slot = slotOf(simulatedHash, "ns", "lock", false);
    const from = world.placement.owners[slot] ?? 0;
    const to = 1 - from;

    stage.tell(`alice asks r0 for the lock; its slot lies on s${from}, where r0 makes her a lease`);
    r0.linkTo(`s${from}`).slowNext(putting("v/"), 1_000);
    const asking = alice.ask("lock", { waitMs: 0 });
    await stage.until(600);
    const owners = world.placement.owners.slice();
    owners[slot] = to;
    world.publish({ ...world.placement, version: world.placement.version + 1, owners });
    world.acknowledge();
    stage.tell(`the slot, which is empty, moves to s${to}; both shards acknowledge that`);
    await carol.release(await carol.take("other"));
    stage.tell("by another request r0 has learnt of the new placement; alice's is still under way");
    const attempt = await bob.ask("lock");
    stage.tell(`bob ${isRefusal(attempt) ? "does not have" : "has"} the lock on s${to}`);

    const late = await asking;
    await stage.until(5_000);
    const key = lockKeys(slot, "ns", "lock").exclusive.prefix;
    const left = await world.shards[from]?.store.range({ kind: "range", key, rangeEnd: `${key}~` });
    const strays = left?.kind === "read" ? left.range.count : 0;
    stage.expect(strays === 0, `nothing is granted on s${from} any more`);
    stage.expect(isRefusal(attempt) || isRefusal(late), "the lock has one holder");
  },
};
