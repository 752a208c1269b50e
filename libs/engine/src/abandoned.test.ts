import { failure } from "@holdfast/base/failure";
import type { GrantId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import { expect, test } from "vitest";
import { Abandoned } from "./abandoned.ts";

const request = {
  lock: { region: "here", namespace: "default", name: "l" },
  grantId: "g".repeat(22) as GrantId,
};

test("a request is withdrawn until the answer is definite", async () => {
  const clock = new ManualClock();
  const abandoned = new Abandoned({ clock, random: new SeededRandom(1) });
  let tries = 0;
  const withdraw = async () =>
    ++tries < 3 ? failure("UNKNOWN_OUTCOME", "no answer") : ({ kind: "withdrawn" } as const);
  abandoned.add(request, withdraw, 60_000);
  await clock.advance(10_000);
  expect({ tries, left: abandoned.count }).toEqual({ tries: 3, left: 0 });
});

test("a router that stops leaves nothing running for the requests it was taking back", async () => {
  const clock = new ManualClock();
  const abandoned = new Abandoned({ clock, random: new SeededRandom(1) });
  let tries = 0;
  const withdraw = async () => {
    tries++;
    return failure("SHARD_UNAVAILABLE", "down");
  };
  abandoned.add(request, withdraw, 60_000);
  await clock.advance(1_000);
  const before = tries;
  abandoned.stop();
  abandoned.add(request, withdraw, 60_000);
  await clock.advance(10_000);
  expect({ tries, left: abandoned.count, timers: clock.pendingTimers }).toEqual({
    tries: before,
    left: 0,
    timers: 0,
  });
});
