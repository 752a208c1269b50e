import { putting } from "@holdfast/simulator/store/shard-link";
import { isRefusal, type Scenario } from "./stage.ts";

/**
 * A router stalls with an acquire whose client got the lock through another one, and released it.
 */
export const lateWrite: Scenario = {
  name: "late-write",
  rule: "[H4] The release of a request that was repeated leaves a tombstone for its copies",
  lastsMs: 20_000,
  async play(stage) {
    const [r0, r1] = [stage.router("r0"), stage.router("r1")];
    const alice = stage.client("alice", [r0, r1], { ttlMs: 6_000 });
    const bob = stage.client("bob", [r1], { ttlMs: 6_000 });
    await alice.release(await alice.take("lock"));
    await bob.release(await bob.take("lock"));

    stage.tell("alice asks r0; its write stalls on the way to the shard, and then r0 itself does");
    r0.linkTo("s0").stallNext(putting("x/"), 9_000);
    const asking = alice.take("lock", { waitMs: 8_000 });
    await stage.until(stage.world.simulation.nowMs + 5);
    r0.process.pause();
    const lock = await asking;
    stage.tell("alice hears nothing, asks r1 instead, has the lock, and releases it");
    await alice.release(lock);

    await stage.until(12_000);
    stage.tell("by now the stalled write has landed, and alice is alive and well");
    const attempt = await bob.ask("lock");
    stage.expect(!isRefusal(attempt), "bob gets the lock, which nobody believes to hold");
  },
};
