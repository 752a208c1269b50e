import { expect, test } from "vitest";
import {
  planRecord,
  recordPortCount,
  recordPorts,
  recordPortsFrom,
  storeEnvironment,
} from "./record-layout.ts";

test("a record in memory has two ports, that of the questions and that of its metrics", () => {
  expect(recordPortCount(false, 3)).toBe(2);
  const record = planRecord(false, recordPortsFrom(7420, 2));
  expect(record).toEqual({ endpoint: "127.0.0.1:7440", metrics: 7441 });
  expect(recordPorts(record)).toEqual([
    { port: 7440, purpose: "record", fixedByData: false },
    { port: 7441, purpose: "record's metrics", fixedByData: false },
  ]);
});

test("with --audit every store and every service has a port of its own, far from the routers'", () => {
  const count = recordPortCount(true, 8);
  const record = planRecord(true, recordPortsFrom(7420, count));
  const ports = recordPorts(record).map(({ port }) => port);
  expect(new Set(ports).size).toBe(count);
  expect(Math.min(...ports)).toBe(7440);
  expect(Math.max(...ports)).toBeLessThan(7460);
  expect(record.stores?.journalMetrics).toHaveLength(8);
});

test("services are told where the stores are", () => {
  const { stores } = planRecord(true, recordPortsFrom(7420, recordPortCount(true, 3)));
  expect(stores && storeEnvironment(stores)).toEqual({
    HOLDFAST_KAFKA: "127.0.0.1:7441",
    HOLDFAST_POSTGRES: "postgres://holdfast@127.0.0.1:7443/postgres",
    HOLDFAST_REDIS: "redis://127.0.0.1:7444",
    HOLDFAST_S3_ENDPOINT: "http://127.0.0.1:7445",
    HOLDFAST_S3_BUCKET: "holdfast-audit",
  });
});
