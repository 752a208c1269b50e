import type { LeaseId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { LeaseBelief } from "./lease-belief.ts";

const lease = { region: "r", shard: "s0", leaseId: 7n as LeaseId };
const at = (ms: number, wallAheadMs = 0) => ({ monotonicMs: ms, wallMs: 1e6 + ms + wallAheadMs });

function confirmedAt(ms: number, validForMs = 9_650): LeaseBelief {
  const belief = new LeaseBelief(lease, 10_000);
  belief.confirm(at(ms), validForMs);
  return belief;
}

test("a belief ends before its deadline, which counts from when the heartbeat was sent", () => {
  const belief = confirmedAt(1_000);
  expect(belief.deadlineMs).toBe(10_650);
  expect(belief.standing(at(5_649), false)).toBe("firm");
  expect(belief.standing(at(5_650), false)).toBe("jeopardy");
  expect(belief.standing(at(10_149), false)).toBe("jeopardy");
  expect(belief.standing(at(10_150), false)).toBe("expired");
});

test("an answer that claims more than the ttl allows is cut to what the ttl allows", () => {
  expect(confirmedAt(0, 60_000).deadlineMs).toBe(9_650);
});

test("an overtaken answer takes nothing back", () => {
  const belief = confirmedAt(3_000);
  belief.confirm(at(1_000), 9_650);
  expect(belief.deadlineMs).toBe(12_650);
});

test("after a stall only a heartbeat sent since makes it firm again", () => {
  const belief = confirmedAt(1_000);
  belief.doubt(3_000);
  expect(belief.standing(at(3_000), true)).toBe("jeopardy");
  belief.confirm(at(2_900), 9_650);
  expect(belief.standing(at(3_100), false)).toBe("jeopardy");
  belief.confirm(at(3_000), 9_650);
  expect(belief.standing(at(3_200), false)).toBe("firm");
});

test("a stall past the deadline is a loss that says so", () => {
  expect(confirmedAt(0).standing(at(20_000), true)).toBe("stalled");
});

test("clocks that went apart since the confirmation was sent make it void for good", () => {
  const belief = confirmedAt(1_000);
  expect(belief.standing(at(2_000, 250), false)).toBe("firm");
  expect(belief.standing(at(2_000, 251), false)).toBe("suspended");
  // Setting the clock back does not bring the deadline back.
  expect(belief.standing(at(2_000), false)).toBe("expired");
  belief.confirm(at(2_500, 251), 9_650);
  expect(belief.standing(at(2_600, 251), false)).toBe("firm");
});

test("an answer to a heartbeat sent before the machine slept confirms nothing", () => {
  const belief = confirmedAt(1_000);
  belief.confirm(at(2_000), 9_650);
  expect(belief.standing(at(2_100, 60_000), false)).toBe("suspended");
});

test("a lease that ended stays ended whatever is answered later", () => {
  const belief = confirmedAt(1_000);
  belief.end();
  belief.confirm(at(2_000), 9_650);
  expect(belief.standing(at(2_100), false)).toBe("session-expired");
});
