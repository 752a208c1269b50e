import type { AlertCase } from "./alert-case.ts";

const east = { region: "us-east-1" };
const up = (component: string, region: string, instance: string) =>
  `up{component="${component}",region="${region}",instance="${instance}"}`;
const reaches = (from: string, to: string) =>
  `holdfast_region_reachable{region="${from}",exported_region="${to}"}`;
const votes = (instance: string) =>
  `holdfast_quorum_regions{region="us-east-1",instance="${instance}"}`;
const violations =
  'holdfast_safety_violations_total{region="us-east-1",rule="two-exclusive",instance="a1"}';

/** Regions, their quorum, and the safety of locks. */
export const regionCases: readonly AlertCase[] = [
  {
    alert: "HoldfastRegionDown",
    when: "none of its routers answers",
    series: {
      [up("router", "us-east-1", "r1")]: "1x2 0x10",
      [up("router", "us-east-1", "r2")]: "1x2 0x10",
      [up("router", "eu-west-1", "r3")]: "1x12",
    },
    at: "6m",
    fires: [{ labels: east }],
  },
  {
    alert: "HoldfastRegionDown",
    when: "its Prometheus is gone with it, and the others' coordinators do not reach it",
    series: {
      [reaches("eu-west-1", "us-east-1")]: "1x2 0x10",
      [reaches("us-west-2", "us-east-1")]: "1x2 0x10",
      [reaches("us-west-2", "eu-west-1")]: "1x12",
    },
    at: "6m",
    fires: [{ labels: east }],
  },
  {
    alert: "HoldfastRegionDown",
    when: "one of two routers is down, and one link is cut",
    series: {
      [up("router", "us-east-1", "r1")]: "0x12",
      [up("router", "us-east-1", "r2")]: "1x12",
      [reaches("eu-west-1", "us-east-1")]: "0x12",
      [reaches("us-west-2", "us-east-1")]: "1x12",
    },
    at: "6m",
    fires: [],
  },
  {
    alert: "HoldfastNothingScraped",
    when: "there is no target of etcd",
    series: { [up("router", "us-east-1", "r1")]: "1x12" },
    at: "10m",
    fires: [{ labels: { component: "etcd" } }],
  },
  {
    alert: "HoldfastNothingScraped",
    when: "both are there, be they up or not",
    series: { [up("router", "us-east-1", "r1")]: "1x12", [up("etcd", "us-east-1", "e1")]: "0x12" },
    at: "10m",
    fires: [],
  },
  {
    alert: "HoldfastQuorumOfTwo",
    when: "one region has not voted for two minutes",
    series: { [votes("c1")]: "3x2 2x10", [votes("c2")]: "3x12" },
    at: "6m",
    fires: [{ labels: east }],
  },
  {
    alert: "HoldfastQuorumOfTwo",
    when: "all three vote",
    series: { [votes("c1")]: "3x12", [votes("c2")]: "3x12" },
    at: "6m",
    fires: [],
  },
  {
    alert: "HoldfastQuorumLost",
    when: "the region is alone",
    series: { [votes("c1")]: "3x2 1x10", [votes("c2")]: "3x2 1x10" },
    at: "6m",
    fires: [{ labels: east }],
  },
  {
    alert: "HoldfastQuorumLost",
    when: "one of two coordinators is alone, and the other still has a quorum",
    series: { [votes("c1")]: "1x12", [votes("c2")]: "2x12" },
    at: "6m",
    fires: [],
  },
  {
    alert: "HoldfastSafetyViolation",
    when: "there is a first one, at once",
    series: { [violations]: "0 0 1 1" },
    every: "15s",
    at: "30s",
    fires: [{ labels: { ...east, rule: "two-exclusive" } }],
  },
  {
    alert: "HoldfastSafetyViolation",
    when: "there was one half an hour ago, and the auditor has started again since",
    series: { [violations]: "0x5 1x5 0x30" },
    at: "35m",
    fires: [{ labels: { ...east, rule: "two-exclusive" } }],
  },
  {
    alert: "HoldfastSafetyViolation",
    when: "there is none",
    series: { [violations]: "0x100" },
    at: "90m",
    fires: [],
  },
];
