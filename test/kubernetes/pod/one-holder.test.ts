import type { LockStanding } from "@holdfast/client/lock";
import { describe, expect, it } from "vitest";
import { OneHolder } from "./one-holder.ts";
import { Tally } from "./tally.ts";

function lock(token: bigint, state: LockStanding = "held") {
  return { name: "hot", token, state };
}

describe("who watches over a lock that goes from hand to hand", () => {
  it("is content with one holder after the other and tokens that grow", () => {
    const tally = new Tally(() => 0);
    const hot = new OneHolder(tally);
    for (const token of [3n, 4n, 9n]) {
      const held = lock(token);
      hot.enter(held);
      hot.leave(held);
    }
    expect(tally.figures()).toMatchObject({ violations: [], handovers: 3 });
  });

  it("tells of two that believe in it at once", () => {
    const tally = new Tally(() => 0);
    const hot = new OneHolder(tally);
    hot.enter(lock(1n, "jeopardy"));
    hot.enter(lock(2n));
    expect(tally.figures().violations).toEqual(["two hold hot at once, with the tokens 1 and 2"]);
  });

  it("lets somebody in whose predecessor knows that it was lost", () => {
    const tally = new Tally(() => 0);
    const hot = new OneHolder(tally);
    hot.enter(lock(1n, "lost"));
    hot.enter(lock(2n));
    expect(tally.figures().violations).toEqual([]);
  });

  it("tells of a token that did not grow", () => {
    const tally = new Tally(() => 0);
    const hot = new OneHolder(tally);
    const first = lock(5n);
    hot.enter(first);
    hot.leave(first);
    hot.enter(lock(5n));
    expect(tally.figures().violations).toEqual(["hot: token 5 came after 5"]);
  });
});
