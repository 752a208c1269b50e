import { isRefusal, type Scenario } from "./stage.ts";

/**
 * Somebody waits for much longer than the ttl the lock is to have, with no session to keep a place.
 */
export const waiterWithoutSession: Scenario = {
  name: "waiter-without-session",
  rule: "[H6] A waiter without a session repeats; each repeat puts its place under a newer lease",
  lastsMs: 60_000,
  async play(stage) {
    const [r0, r1] = [stage.router("r0"), stage.router("r1")];
    const holder = stage.client("holder", [r1], { ttlMs: 6_000 });
    const waiter = stage.client("waiter", [r0], { ttlMs: 3_000, ownTtl: true });
    const later = stage.client("later", [r1], { ttlMs: 6_000 });
    const held = await holder.take("lock");

    stage.tell("waiter stands in line with a ttl of 3 s, and later behind it");
    const waiting = waiter.ask("lock", { waitMs: 40_000 });
    await stage.until(500);
    const behind = later.ask("lock", { waitMs: 40_000 });
    await stage.until(20_000);
    await holder.release(held);
    stage.tell("the lock comes free after 20 s");
    const taken = await waiting;
    stage.expect(!isRefusal(taken), "waiter has kept its place and gets the lock");
    stage.expect(stage.world.simulation.nowMs < 20_100, "at once, before whoever came later");
    if (isRefusal(taken)) return;
    await waiter.release(taken);
    stage.expect(!isRefusal(await behind), "and later gets it after that");
  },
};
