import type { Txn } from "@holdfast/core/txn/txn";
import { isRefusal, type Scenario } from "./stage.ts";

/** The repeat of a waiter arrives, but could not put its place under a newer lease. */
export const repeatInVain: Scenario = {
  name: "repeat-in-vain",
  rule: "[H6] Validity counts from the last repeat that re-put the place, else from the first send",
  lastsMs: 60_000,
  async play(stage) {
    const [r0, r1] = [stage.router("r0"), stage.router("r1")];
    const holder = stage.client("holder", [r1], { ttlMs: 6_000 });
    const waiter = stage.client("waiter", [r0], { ttlMs: 6_000, ownTtl: true });
    const other = stage.client("other", [r1], { ttlMs: 6_000 });
    const held = await holder.take("lock");
    const startMs = stage.world.simulation.nowMs;
    const waiting = waiter.takeLeased("lock", { waitMs: 40_000 });

    stage.tell("waiter stands in line; its connection breaks, and its one repeat re-puts nothing");
    await stage.until(startMs + 1_750);
    r0.linkTo("s0").refuseNext(isRenewal);
    r0.host.breakConnectionsOf("waiter", "reset");
    await stage.until(startMs + 2_700);
    await holder.release(held);
    const lock = await waiting;
    stage.tell("the lock comes free, and waiter has it");

    let both = false;
    while (lock.holds()) {
      await stage.until(stage.world.simulation.nowMs + 50);
      both ||= !isRefusal(await other.ask("lock")) && lock.holds();
    }
    stage.expect(!both, "nobody else gets the lock while waiter believes in it");
  },
};

/** Only a renewal compares when a key was last written. */
function isRenewal(txn: Txn): boolean {
  return txn.compares.some(({ target }) => target === "mod");
}
