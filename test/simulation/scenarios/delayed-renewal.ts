import { putting } from "@holdfast/simulator/store/shard-link";
import { isRefusal, type Scenario } from "./stage.ts";

/** A renewal stalls, a later one succeeds, and then the stalled one lands. */
export const delayedRenewal: Scenario = {
  name: "delayed-renewal",
  rule: "[H5] A renewal compares the last write, or a delayed one puts the key on an older lease",
  lastsMs: 30_000,
  async play(stage) {
    const [r0, r1] = [stage.router("r0"), stage.router("r1")];
    const alice = stage.client("alice", [r0], { ttlMs: 5_000, ownTtl: true });
    const bob = stage.client("bob", [r1], { ttlMs: 5_000, ownTtl: true });
    const lock = await alice.takeLeased("lock");

    await stage.until(1_600);
    stage.tell("alice renews; the write stalls, with a lease of this moment in it");
    r0.linkTo("s0").stallNext(putting("x/"), 4_400);
    await lock.renew();
    await stage.until(4_000);
    await lock.renew();
    stage.tell("alice renewed again, onto a newer lease, and knows that it worked");

    await stage.until(6_100);
    stage.tell("the stalled renewal has landed");
    let both = false;
    for (let atMs = 6_200; lock.holds(); atMs += 100) {
      await stage.until(atMs);
      const attempt = await bob.ask("lock");
      both ||= !isRefusal(attempt) && lock.holds();
    }
    stage.expect(!both, "bob does not get the lock while alice believes in it");
  },
};
