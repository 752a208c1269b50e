import { expect, test } from "vitest";
import { farthestRegionMs, nearestRegionMs } from "./nearest-region.ts";

test("a quorum needs the nearest other region that can be reached", () => {
  const near = { reachable: true, rttMs: 62 };
  const far = { reachable: true, rttMs: 140 };
  expect(nearestRegionMs([far, near])).toBe(62);
  expect(nearestRegionMs([far, { ...near, reachable: false }])).toBe(140);
});

test("where none can be reached, what was measured last is kept", () => {
  expect(nearestRegionMs([{ reachable: false, rttMs: 90 }])).toBe(90);
});

test("something sensible stands for what nobody has measured, and for no way at all", () => {
  expect(nearestRegionMs([{ reachable: true, rttMs: 0 }])).toBe(80);
  expect(nearestRegionMs([{ reachable: true, rttMs: 0.3 }])).toBe(4);
});

test("the third region's word takes as long as the way to the farthest one in reach", () => {
  const near = { reachable: true, rttMs: 62 };
  const far = { reachable: true, rttMs: 135 };
  expect(farthestRegionMs([far, near])).toBe(135);
  expect(farthestRegionMs([{ ...far, reachable: false }, near])).toBe(62);
  expect(farthestRegionMs([])).toBe(80);
});
