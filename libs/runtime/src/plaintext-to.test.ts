import { describe, expect, test } from "vitest";
import { plaintextTo } from "./plaintext-to.ts";

describe("what goes over the network in plain text", () => {
  test.each([
    ["HOLDFAST_SHARDS", "s0=https://a:2379;s1*2=https://b:2379,http://c:2379", "c:2379"],
    ["HOLDFAST_REDIS", "redis://user:pa@ss@cache:6379/1", "cache:6379"],
    ["HOLDFAST_S3_ENDPOINT", "http://store:9000", "store:9000"],
    ["HOLDFAST_TRACES_ENDPOINT", "http://10.0.0.5:4317", "10.0.0.5:4317"],
    ["HOLDFAST_POSTGRES", "postgres://user:secret@ledger:5432/audit", "ledger:5432"],
    ["HOLDFAST_POSTGRES", "postgresql://ledger/audit?sslmode=prefer", "ledger"],
    ["HOLDFAST_POSTGRES", "postgres:///audit?host=ledger", "ledger"],
    ["HOLDFAST_KAFKA", "127.0.0.1:9092,broker:9092", "broker:9092"],
    ["HOLDFAST_PEERS", "us-west-2=127.0.0.1:7420,west:7420", "west:7420"],
    ["HOLDFAST_COORDINATORS", "coordinator-0:7430", "coordinator-0:7430"],
  ])("is found in %s", (setting, value, address) => {
    expect(plaintextTo({ [setting]: value }, false)).toMatchObject({ setting, address });
  });

  test("is not what stays on this machine", () => {
    const set = {
      HOLDFAST_SHARDS: "s0=http://127.0.0.1:2379,http://localhost:2479;s1=http://[::1]:2579",
      HOLDFAST_REDIS: "redis://localhost:6379",
      HOLDFAST_S3_ENDPOINT: "http://127.0.0.1:9000",
      HOLDFAST_TRACES_ENDPOINT: "http://localhost:4317",
      HOLDFAST_POSTGRES: "postgres://user@127.0.0.1:5432/postgres",
      HOLDFAST_KAFKA: "127.0.0.1:9092, localhost:9093",
      HOLDFAST_PEERS: "us-west-2=127.0.0.1:7421",
    };
    expect(plaintextTo(set, false)).toBeUndefined();
    const socket = { HOLDFAST_POSTGRES: "postgres:///audit?host=/run/postgresql" };
    expect(plaintextTo(socket, false)).toBeUndefined();
  });

  test("is nothing where all of it is TLS", () => {
    const set = {
      HOLDFAST_SHARDS: "s0=https://etcd-0:2379",
      HOLDFAST_REDIS: "rediss://cache:6379",
      HOLDFAST_S3_ENDPOINT: "https://store",
      HOLDFAST_TRACES_ENDPOINT: "https://collector:4317",
      HOLDFAST_POSTGRES: "postgres://ledger/audit?sslmode=verify-full",
      HOLDFAST_KAFKA: "broker:9092",
      HOLDFAST_KAFKA_TLS: "on",
      HOLDFAST_PEERS: "us-west-2=west:7420",
    };
    expect(plaintextTo(set, true)).toBeUndefined();
    expect(plaintextTo({}, false)).toBeUndefined();
  });

  test("is not looked for in what cannot be read", () => {
    expect(plaintextTo({ HOLDFAST_POSTGRES: "nonsense", HOLDFAST_SHARDS: "s0" }, false)).toBe(
      undefined,
    );
  });
});
