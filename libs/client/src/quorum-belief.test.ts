import type { LeaseId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { LeaseBelief } from "./lease-belief.ts";
import { QuorumBelief } from "./quorum-belief.ts";

const ttlMs = 10_000;
const valid = 9_650;
const at = (ms: number, wallAheadMs = 0) => ({ monotonicMs: ms, wallMs: 1e6 + ms + wallAheadMs });

function leaseIn(region: string, id = 1) {
  return { region, shard: "s0", leaseId: BigInt(id) as LeaseId };
}

/**
 * Parts in the regions a, b and c that were confirmed at these times; never where it is undefined.
 */
function confirmedAt(...times: (number | undefined)[]): LeaseBelief[] {
  return times.map((ms, index) => {
    const part = new LeaseBelief(leaseIn("abc"[index] ?? "d"), ttlMs);
    if (ms !== undefined) part.confirm(at(ms), valid);
    return part;
  });
}

test("the second-latest deadline counts, in whatever order the regions come", () => {
  for (const times of [
    [1_000, 2_000, 3_000],
    [3_000, 1_000, 2_000],
    [2_000, 3_000, 1_000],
  ]) {
    expect(new QuorumBelief(confirmedAt(...times)).deadlineMs).toBe(2_000 + valid);
  }
});

test("it is firm, then in jeopardy, then lost, by the second-latest of its leases", () => {
  const belief = new QuorumBelief(confirmedAt(0, 1_000, 50_000));
  expect(belief.jeopardyMs).toBe(1_000 + valid - ttlMs / 2);
  expect(belief.standing(at(belief.jeopardyMs - 1), false)).toBe("firm");
  expect(belief.standing(at(belief.jeopardyMs), false)).toBe("jeopardy");
  expect(belief.standing(at(belief.abortMs - 1), false)).toBe("jeopardy");
  expect(belief.standing(at(belief.abortMs), false)).toBe("expired");
});

test("one region alone holds nothing up", () => {
  expect(new QuorumBelief(confirmedAt(1_000)).standing(at(1_000), false)).toBe("session-expired");
  const belief = new QuorumBelief(confirmedAt(1_000, undefined, undefined));
  expect(belief.deadlineMs).toBe(Number.NEGATIVE_INFINITY);
  expect(belief.standing(at(1_000), false)).toBe("expired");
});

test("a lease that ends merely stops counting, and the second one that ends loses the lock", () => {
  const parts = confirmedAt(1_000, 2_000, 3_000);
  const belief = new QuorumBelief(parts);
  parts[2]?.end();
  expect(belief.deadlineMs).toBe(1_000 + valid);
  expect(belief.standing(at(3_000), false)).toBe("firm");
  parts[0]?.end();
  expect(belief.standing(at(3_000), false)).toBe("session-expired");
});

test("a region that was out of reach counts again once its very lease is confirmed", () => {
  const parts = confirmedAt(0, 0, 0);
  const belief = new QuorumBelief(parts);
  for (const part of parts.slice(0, 2)) part.confirm(at(20_000), valid);
  expect(belief.standing(at(21_000), false)).toBe("firm");
  parts[2]?.confirm(at(25_000), valid);
  parts[0]?.end();
  expect(belief.deadlineMs).toBe(20_000 + valid);
  expect(belief.standing(at(24_000), false)).toBe("firm");
});

test("after a stall two regions must confirm it with what was sent since", () => {
  const parts = confirmedAt(1_000, 1_000, 1_000);
  const belief = new QuorumBelief(parts);
  belief.doubt(2_000);
  expect(belief.standing(at(2_000), true)).toBe("jeopardy");
  parts[0]?.confirm(at(2_000), valid);
  expect(belief.standing(at(2_100), false)).toBe("jeopardy");
  parts[1]?.confirm(at(2_000), valid);
  expect(belief.standing(at(2_100), false)).toBe("firm");
});

test("a machine that slept has lost what was confirmed before, and a stall says so", () => {
  expect(new QuorumBelief(confirmedAt(0, 0, 0)).standing(at(1_000, 60_000), false)).toBe(
    "suspended",
  );
  expect(new QuorumBelief(confirmedAt(0, 0, 0)).standing(at(20_000), true)).toBe("stalled");
});

test("no lease but its own counts: not a newer one of the same region", () => {
  const belief = new QuorumBelief(confirmedAt(1_000, 2_000));
  expect(belief.hangsOn(leaseIn("a"))).toBe(true);
  expect(belief.hangsOn(leaseIn("a", 2))).toBe(false);
});

test("its strength is the regions that hold it up", () => {
  const parts = confirmedAt(0, 1_000, 1_000);
  const belief = new QuorumBelief(parts);
  belief.standing(at(1_000), false);
  expect(belief.strength).toBe(3);
  parts[1]?.end();
  expect(belief.strength).toBe(2);
  belief.standing(at(9_500), false);
  expect(belief.strength).toBe(1);
});

test("a grant of one region needs its lease there and its own time, which renewals extend", () => {
  const [lease] = confirmedAt(0);
  const own = new LeaseBelief(leaseIn("own"), ttlMs);
  own.confirm(at(0), 3_000);
  const belief = new QuorumBelief(lease === undefined ? [] : [lease], own);
  expect([belief.renewByMs, belief.strength, belief.deadlineMs]).toEqual([3_000, 0, 3_000]);
  expect(belief.standing(at(2_600), false)).toBe("expired");
  own.confirm(at(2_000), valid);
  expect(belief.deadlineMs).toBe(valid);
  lease?.end();
  expect(belief.standing(at(2_600), false)).toBe("session-expired");
});
