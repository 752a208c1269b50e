import { putting } from "@holdfast/simulator/store/shard-link";
import { isRefusal, type Scenario } from "./stage.ts";

/** Two cancels of one request: the first stalls, and lands after the second was answered. */
export const stalledCancel: Scenario = {
  name: "stalled-cancel",
  rule: "[H5] for tombstones: a stalled cancel does not put one back on an older lease",
  lastsMs: 30_000,
  async play(stage) {
    const [r0, r1] = [stage.router("r0"), stage.router("r1")];
    const holder = stage.client("holder", [r0], { ttlMs: 6_000 });
    const alice = stage.client("alice", [r1, r0], { ttlMs: 3_000, ownTtl: true });
    const bob = stage.client("bob", [r0], { ttlMs: 6_000 });
    await alice.release(await alice.take("other"));
    const held = await holder.take("lock");

    stage.tell("alice asks r1, which stops before it can do anything; she goes on to r0");
    const asking = alice.ask("lock", { waitMs: 1_000 });
    r1.process.pause();
    await stage.until(stage.world.simulation.nowMs + 100);
    r1.host.breakConnectionsOf("alice", "reset");
    stage.expect(isRefusal(await asking), "she waits a second in vain");
    stage.tell(
      "she cancels what may be on its way still; the first cancel stalls, the next is answered",
    );
    r0.linkTo("s0").stallNext(putting("t/"), 6_000);
    await stage.until(9_000);
    await holder.release(held);
    stage.tell("by now the first cancel has landed, and the lock is free");

    await stage.until(14_500);
    stage.tell("r1 goes on, and finds what alice once asked");
    r1.process.resume();
    await stage.until(14_700);
    stage.expect(!isRefusal(await bob.ask("lock")), "bob gets the lock, which alice gave up");
  },
};
