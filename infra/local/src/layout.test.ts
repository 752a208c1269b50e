import { expect, test } from "vitest";
import {
  coordinatorEnvironment,
  coordinatorPortsFrom,
  etcdPortsFrom,
  placementEnvironment,
  planLayout,
  type RegionLayout,
  regionEnvironment,
  routerEnvironment,
  whyNoGlobalLocks,
} from "./layout.ts";
import { metricsAddresses } from "./metrics-addresses.ts";
import { metricsPortsFrom } from "./metrics-layout.ts";

const layout = planLayout({
  cluster: "local-1",
  store: "etcd",
  regions: ["us-east-1", "eu-west-1"],
  shards: 2,
  members: 3,
  routerPorts: [7420, 7421],
  coordinatorPorts: coordinatorPortsFrom(7420, 2),
  metricsPorts: metricsPortsFrom(7420, 2),
  etcdPorts: etcdPortsFrom(7420, 12),
  tls: false,
  dataDir: "data",
});
const east = layout.regions[0] as RegionLayout;
const west = layout.regions[1] as RegionLayout;

test("every member has ports and a folder of its own", () => {
  const members = layout.regions.flatMap((region) => region.shards.flatMap((each) => each.members));
  const ports = members.flatMap(({ clientPort, peerPort }) => [clientPort, peerPort]);
  expect(new Set(ports).size).toBe(24);
  expect(new Set(members.map((member) => member.dataDir)).size).toBe(12);
  expect(west.shards[1]?.members[2]).toEqual({
    name: "m2",
    clientPort: 23801,
    peerPort: 24301,
    dataDir: "data/etcd/eu-west-1/s1/m2",
  });
});

test("a router is told its shards, and the routers of the other regions", () => {
  expect(routerEnvironment(layout, east)).toEqual({
    HOLDFAST_REGION: "us-east-1",
    HOLDFAST_CLUSTER: "local-1",
    HOLDFAST_LISTEN: "127.0.0.1:7420",
    HOLDFAST_STORE: "etcd",
    HOLDFAST_SHARDS:
      "s0=http://127.0.0.1:23790,http://127.0.0.1:23791,http://127.0.0.1:23792;" +
      "s1=http://127.0.0.1:23793,http://127.0.0.1:23794,http://127.0.0.1:23795",
    HOLDFAST_PEERS: "eu-west-1=127.0.0.1:7421",
    HOLDFAST_COORDINATORS: "127.0.0.1:7430",
    HOLDFAST_METRICS_LISTEN: "127.0.0.1:7480",
  });
});

test("a coordinator is told its shards, and the coordinators of the other regions", () => {
  expect(coordinatorEnvironment(layout, west, west.coordinator ?? "")).toEqual({
    ...regionEnvironment(layout, west),
    HOLDFAST_METRICS_LISTEN: "127.0.0.1:7484",
    HOLDFAST_LISTEN: "127.0.0.1:7431",
    HOLDFAST_PEERS: "us-east-1=127.0.0.1:7430",
  });
});

test("every process that runs tells of itself at a port of its own", () => {
  const told = metricsAddresses({
    ...layout,
    record: { endpoint: "127.0.0.1:7440", metrics: 7441 },
  });
  expect(told.map(({ service, region = "all" }) => `${service} ${region}`)).toEqual([
    "router us-east-1",
    "coordinator us-east-1",
    "placement us-east-1",
    "router eu-west-1",
    "coordinator eu-west-1",
    "placement eu-west-1",
    "recorder all",
  ]);
  expect(new Set(told.map(({ address }) => address)).size).toBe(7);
});

test("global locks need etcd and exactly three regions, and it is said what is amiss", () => {
  expect(whyNoGlobalLocks("etcd", 3)).toBeUndefined();
  expect(whyNoGlobalLocks("etcd", 2)).toContain("need 3 regions, and this has 2");
  expect(whyNoGlobalLocks("memory", 3)).toContain("need etcd");
});

test("a placement service is told its region's shards only", () => {
  expect(Object.keys(placementEnvironment(layout, west)).sort()).toEqual([
    "HOLDFAST_CLUSTER",
    "HOLDFAST_METRICS_LISTEN",
    "HOLDFAST_REGION",
    "HOLDFAST_SHARDS",
  ]);
});

test("with the memory store there are shards and no members", () => {
  const memory = planLayout({
    cluster: "local-2",
    store: "memory",
    regions: ["a"],
    shards: 2,
    members: 0,
    routerPorts: [1],
    coordinatorPorts: [],
    metricsPorts: [2, 3, 4],
    etcdPorts: { client: [], peer: [] },
    tls: false,
    dataDir: "data",
  });
  expect(memory.regions[0]?.shards).toEqual([
    { name: "s0", members: [], endpoints: [] },
    { name: "s1", members: [], endpoints: [] },
  ]);
  const [region] = memory.regions;
  expect(region).not.toHaveProperty("coordinator");
  expect(metricsAddresses(memory)).toEqual([
    { service: "router", region: "a", address: "127.0.0.1:2" },
  ]);
  expect(region && routerEnvironment(memory, region)).not.toHaveProperty("HOLDFAST_COORDINATORS");
});
