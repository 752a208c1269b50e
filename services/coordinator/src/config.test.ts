import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const environment = {
  HOLDFAST_REGION: "us-east-1",
  HOLDFAST_SHARDS: "s0=http://127.0.0.1:2379",
  HOLDFAST_PLAINTEXT: "allow",
  HOLDFAST_PEERS: "us-west-2=10.0.1.5:7430;eu-west-1=10.0.2.5:7430,10.0.2.6:7430",
};

test("a region, its shards and the coordinators of the two others are enough", () => {
  expect(readConfig(environment)).toMatchObject({
    cluster: "holdfast",
    region: "us-east-1",
    listen: "127.0.0.1:7430",
    peers: new Map([
      ["us-west-2", ["10.0.1.5:7430"]],
      ["eu-west-1", ["10.0.2.5:7430", "10.0.2.6:7430"]],
    ]),
  });
});

test.each([
  ["", "names 0 regions: the global tier has three"],
  ["us-west-2=a:1", "names 1 regions: the global tier has three"],
  ["us-west-2=a:1;eu-west-1=b:2;mars=c:3", "names 3 regions: the global tier has three"],
  ["us-west-2=a:1;us-east-1=b:2", "names us-east-1, which is this coordinator's own region"],
  ["us-west-2=a:1;global=b:2", '"global" means the locks of all regions'],
])("HOLDFAST_PEERS=%j is refused", (peers, why) => {
  const configured = { ...environment, HOLDFAST_PEERS: peers };
  expect(() => readConfig(configured)).toThrow(new RegExp(`HOLDFAST_PEERS .*${why}`));
});
