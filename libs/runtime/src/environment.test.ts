import { expect, test } from "vitest";
import { z } from "zod";
import {
  addressesSetting,
  ageSetting,
  peersSetting,
  readEnvironment,
  regionSetting,
  shardsSetting,
} from "./environment.ts";

const schema = z.object({
  REGION: regionSetting,
  SHARDS: shardsSetting,
  PEERS: peersSetting,
  COORDINATORS: addressesSetting,
});

function read(more: Record<string, string>) {
  return readEnvironment(schema, { REGION: "us-east-1", SHARDS: "s0", ...more });
}

test("what is not set is empty, where it may be", () => {
  expect(read({})).toEqual({
    REGION: "us-east-1",
    SHARDS: [{ name: "s0", weight: 1, endpoints: [] }],
    PEERS: new Map(),
    COORDINATORS: [],
  });
});

test("lists are read with the blanks that people put between their parts", () => {
  const { PEERS, COORDINATORS } = read({
    PEERS: "us-west-2=10.0.1.5:7420,10.0.1.6:7420; eu-west-1=router.eu:7420",
    COORDINATORS: "10.0.0.5:7430, 10.0.0.6:7430",
  });
  expect([...PEERS]).toEqual([
    ["us-west-2", ["10.0.1.5:7420", "10.0.1.6:7420"]],
    ["eu-west-1", ["router.eu:7420"]],
  ]);
  expect(COORDINATORS).toEqual(["10.0.0.5:7430", "10.0.0.6:7430"]);
});

test.each([
  ["REGION", { REGION: "global" }],
  ["PEERS", { PEERS: "us-west-2=a:1;global=b:2" }],
])("no region may be called global, and %s says so", (name, more) => {
  expect(() => read(more)).toThrow(new RegExp(`${name} .*"global" means the locks of all regions`));
});

test.each([
  ["REGION", { REGION: "US East" }],
  ["SHARDS", { SHARDS: "s0;s0" }],
  ["PEERS", { PEERS: "us-west-2" }],
  ["COORDINATORS", { COORDINATORS: "10.0.0.5" }],
])("a %s that cannot be read is refused by its name", (name, more) => {
  expect(() => read(more)).toThrow(new RegExp(`  ${name} `));
});

test("an age is a number of seconds, minutes or hours, or off", () => {
  const aging = z.object({ AGE: ageSetting(1_000, 86_400_000) });
  const ageOf = (AGE: string) => readEnvironment(aging, { AGE }).AGE;
  expect(["1s", "30m", "24h", "off"].map(ageOf)).toEqual([1_000, 1_800_000, 86_400_000, undefined]);
  for (const wrong of ["", "30", "0s", "25h", "1.5h", "1d", "-1s", "30 m"]) {
    expect(() => ageOf(wrong)).toThrow("AGE is off, or a time from 1s to 24h such as 30m");
  }
});
