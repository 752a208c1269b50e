import { isRefusal, type Scenario } from "./stage.ts";

/**
 * A copy of an acquire that its client sent once: nobody knows that there is anything to refuse.
 */
export const unknownGrant: Scenario = {
  name: "unknown-grant",
  rule: "[H4] At least once a minute a client is told what hangs on its session, and ends the rest",
  lastsMs: 90_000,
  async play(stage) {
    const r0 = stage.router("r0");
    const alice = stage.client("alice", [r0], { ttlMs: 6_000 });
    const bob = stage.client("bob", [r0], { ttlMs: 6_000 });
    await alice.release(await alice.take("other"));

    stage.tell("alice's acquire is doubled on its way; the copy will arrive five seconds late");
    stage.world.network.copyNext("alice", r0.process.name, 5_000);
    const lock = await alice.take("lock");
    await alice.release(lock);
    stage.tell(
      "alice has had the lock and released it; asked once and answered, without a tombstone",
    );

    await stage.until(6_000);
    stage.tell("the copy was granted to alice's living session");
    const early = await bob.ask("lock");
    stage.expect(isRefusal(early), "bob finds it held: this can happen, and is bounded");

    await stage.until(70_000);
    const late = await bob.ask("lock");
    stage.expect(!isRefusal(late), "a minute later alice has found and released it");
  },
};
