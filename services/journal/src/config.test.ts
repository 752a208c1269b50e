import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const least = {
  HOLDFAST_REGION: "us-east-1",
  HOLDFAST_SHARDS: "s0=http://127.0.0.1:2379",
  HOLDFAST_KAFKA: "127.0.0.1:9092, 127.0.0.1:9093",
};

test("region, shards and brokers are enough", () => {
  expect(readConfig(least)).toEqual({
    cluster: "holdfast",
    region: "us-east-1",
    shards: [{ name: "s0", weight: 1, endpoints: ["http://127.0.0.1:2379"] }],
    kafka: ["127.0.0.1:9092", "127.0.0.1:9093"],
    partitionsMin: 1,
    redis: undefined,
    metricsListen: undefined,
    logLevel: "info",
    tls: {},
  });
});

test.each([
  ["HOLDFAST_REGION", "US East"],
  ["HOLDFAST_SHARDS", "s0"],
  ["HOLDFAST_KAFKA", ""],
  ["HOLDFAST_KAFKA", "127.0.0.1"],
  ["HOLDFAST_EVENT_PARTITIONS", "some"],
  ["HOLDFAST_EVENT_PARTITIONS", "0"],
  ["HOLDFAST_REDIS", "http://127.0.0.1"],
  ["HOLDFAST_METRICS_LISTEN", "everywhere"],
])("%s is refused by its name where it is %j", (name, value) => {
  expect(() => readConfig({ ...least, [name]: value })).toThrow(new RegExp(`  ${name} `));
});
