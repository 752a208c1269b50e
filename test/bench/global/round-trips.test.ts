import { expect, test } from "vitest";
import { threeRegions } from "../../relay/wan.ts";
import {
  bestLeader,
  inRoundTrips,
  laidRtt,
  meanOf,
  nearestOf,
  stretchedWriteMs,
} from "./round-trips.ts";

const regions = ["us-east-1", "us-west-2", "eu-west-1"];
const rtt = laidRtt(threeRegions);

test("the nearest other region is never the region itself", () => {
  expect(regions.map((region) => nearestOf(region, regions, rtt))).toEqual([
    "us-west-2",
    "us-east-1",
    "us-east-1",
  ]);
});

test("a stretched cluster is led where the mean write is the shortest", () => {
  const leader = bestLeader(regions, rtt);
  expect(leader).toBe("us-east-1");
  const writes = regions.map((from) => stretchedWriteMs(from, leader, regions, rtt));
  expect(writes).toEqual([62, 124, 137]);
  // 66 against 108 ms: what a warm acquire and a stretched one come to with no time for anything
  // but the ocean.
  const warm = regions.map((from) => rtt(from, nearestOf(from, regions, rtt)));
  expect(meanOf(warm) / meanOf(writes)).toBeCloseTo(0.616, 3);
});

test("commits on the way are no round trips", () => {
  expect(inRoundTrips(130, 62, { count: 2, ms: 3 })).toBe(2);
});

test("a way that was not laid is an error, not a figure", () => {
  expect(() => rtt("us-east-1", "mars")).toThrow("us-east-1 to mars");
});
