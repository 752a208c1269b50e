import { describe, expect, it } from "vitest";
import { Tally } from "./tally.ts";

describe("the tally of a load", () => {
  it("counts what failed, and tells of the first of it", async () => {
    const tally = new Tally(() => 0);
    for (let index = 0; index < 25; index++) {
      await tally.tried(`lock-${index}`, () => Promise.reject(new Error("no answer")));
    }
    const { operations, failureCount, failures } = tally.figures();
    expect({ operations, failureCount, told: failures.length }).toEqual({
      operations: 25,
      failureCount: 25,
      told: 20,
    });
    expect(failures[0]).toBe("lock-0: no answer");
  });

  it("knows the longest time in which a region did nothing, also while it lasts", async () => {
    let nowMs = 0;
    const tally = new Tally(() => nowMs);
    tally.begin("here");
    tally.begin("there");
    for (const atMs of [10, 400, 410]) {
      nowMs = atMs;
      await tally.timed("here", "lock", async () => "done");
    }
    nowMs = 500;
    expect(tally.figures().longestPauseMs).toEqual({ here: 390, there: 500 });
    expect(tally.figures().byRegion).toEqual({ here: 3, there: 0 });
  });

  it("calls it no pause that the work has ended", () => {
    let nowMs = 0;
    const tally = new Tally(() => nowMs);
    tally.begin("here");
    nowMs = 30;
    tally.end();
    nowMs = 9_000;
    expect(tally.figures().longestPauseMs).toEqual({ here: 30 });
  });

  it("takes an operation that failed for no sign of life", async () => {
    let nowMs = 0;
    const tally = new Tally(() => nowMs);
    tally.begin("here");
    nowMs = 100;
    await tally.timed("here", "lock", () => Promise.reject(new Error("no answer")));
    nowMs = 150;
    expect(tally.figures().longestPauseMs).toEqual({ here: 150 });
  });
});
