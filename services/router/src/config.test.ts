import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const environment = {
  HOLDFAST_REGION: "us-east-1",
  HOLDFAST_SHARDS: "s0=http://127.0.0.1:2379",
};

test("a region and its shards are enough, and there is no cache then", () => {
  const config = readConfig(environment);
  expect(config).toMatchObject({ cluster: "holdfast", region: "us-east-1", store: "etcd" });
  expect([config.redis, config.metricsListen]).toEqual([undefined, undefined]);
});

test.each([
  "redis://127.0.0.1:6379",
  "redis://localhost",
  "rediss://reader:s%2Fcret@cache.example:6380/3",
])("HOLDFAST_REDIS may be %s", (redis) => {
  expect(readConfig({ ...environment, HOLDFAST_REDIS: redis }).redis).toBe(redis);
});

test.each(["127.0.0.1:6379", "http://127.0.0.1:6379", "redis://", "redis://:hunter2@host/zero"])(
  "HOLDFAST_REDIS=%s is refused, and not told",
  (redis) => {
    const refused = () => readConfig({ ...environment, HOLDFAST_REDIS: redis });
    expect(refused).toThrow("HOLDFAST_REDIS is redis://user:password@host:port/database");
    expect(refused).not.toThrow("hunter2");
  },
);

test("a memory store has no cache, which would outlive what it is of", () => {
  const redis = "redis://127.0.0.1:6379";
  const configured = { ...environment, HOLDFAST_STORE: "memory", HOLDFAST_REDIS: redis };
  expect(() => readConfig(configured)).toThrow("HOLDFAST_REDIS needs HOLDFAST_STORE=etcd");
});

test("clients are told to connect again after half an hour, unless it says otherwise", () => {
  const ageOf = (age: object) => readConfig({ ...environment, ...age }).connectionAgeMs;
  expect(ageOf({})).toBe(1_800_000);
  expect(ageOf({ HOLDFAST_CONNECTION_AGE: "90s" })).toBe(90_000);
  expect(ageOf({ HOLDFAST_CONNECTION_AGE: "off" })).toBe(undefined);
  expect(() => ageOf({ HOLDFAST_CONNECTION_AGE: "0s" })).toThrow("HOLDFAST_CONNECTION_AGE is off");
});
