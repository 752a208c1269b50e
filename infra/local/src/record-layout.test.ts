import { expect, test } from "vitest";
import {
  bucketEnvironment,
  kafkaEnvironment,
  planRecord,
  postgresEnvironment,
  recordPortCount,
  recordPorts,
  recordPortsFrom,
  redisEnvironment,
  type StoreLayout,
} from "./record-layout.ts";

test("a record in memory has two ports, that of the questions and that of its metrics", () => {
  expect(recordPortCount(false, 3)).toBe(2);
  const record = planRecord({ audit: false, tls: false }, recordPortsFrom(7420, 2));
  expect(record).toEqual({ endpoint: "127.0.0.1:7440", metrics: 7441 });
  expect(recordPorts(record)).toEqual([
    { port: 7440, purpose: "record", fixedByData: false },
    { port: 7441, purpose: "record's metrics", fixedByData: false },
  ]);
});

test("with --audit every store and every service has a port of its own, far from the routers'", () => {
  const count = recordPortCount(true, 8);
  const record = planRecord({ audit: true, tls: false }, recordPortsFrom(7420, count));
  const ports = recordPorts(record).map(({ port }) => port);
  expect(new Set(ports).size).toBe(count);
  expect(Math.min(...ports)).toBe(7440);
  expect(Math.max(...ports)).toBeLessThan(7460);
  expect(record.stores?.journalMetrics).toHaveLength(8);
});

function storesOf(tls: boolean): StoreLayout {
  const ports = recordPortsFrom(7420, recordPortCount(true, 3));
  return planRecord({ audit: true, tls }, ports).stores as StoreLayout;
}

test("services are told where the stores are", () => {
  const stores = storesOf(false);
  expect(kafkaEnvironment(stores)).toEqual({ HOLDFAST_KAFKA: "127.0.0.1:7441" });
  expect(redisEnvironment(stores)).toEqual({ HOLDFAST_REDIS: "redis://127.0.0.1:7444" });
  expect(postgresEnvironment(stores, undefined)).toEqual({
    HOLDFAST_POSTGRES: "postgres://holdfast@127.0.0.1:7443/postgres",
  });
  expect(bucketEnvironment(stores, undefined)).toEqual({
    HOLDFAST_S3_ENDPOINT: "http://127.0.0.1:7445",
    HOLDFAST_S3_BUCKET: "holdfast-audit",
  });
});

test("with --tls they are told whom to believe, and what to show where that is not theirs", () => {
  const stores = storesOf(true);
  const files = { cert: "/a b/c.pem", key: "/a b/c.key", ca: "/a b/ca.pem" };
  expect(kafkaEnvironment(stores)).toMatchObject({ HOLDFAST_KAFKA_TLS: "on" });
  expect(redisEnvironment(stores)).toEqual({ HOLDFAST_REDIS: "rediss://127.0.0.1:7444" });
  const { HOLDFAST_POSTGRES = "" } = postgresEnvironment(stores, files);
  expect(Object.fromEntries(new URL(HOLDFAST_POSTGRES).searchParams)).toEqual({
    sslmode: "verify-full",
    ...{ sslrootcert: "/a b/ca.pem", sslcert: "/a b/c.pem", sslkey: "/a b/c.key" },
  });
  expect(bucketEnvironment(stores, files)).toMatchObject({
    HOLDFAST_S3_ENDPOINT: "https://127.0.0.1:7445",
    HOLDFAST_S3_TLS_CA: "/a b/ca.pem",
  });
});
