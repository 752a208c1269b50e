import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const least = {
  HOLDFAST_REGION: "us-east-1",
  HOLDFAST_KAFKA: "127.0.0.1:9092, 127.0.0.1:9093",
  HOLDFAST_POSTGRES: "postgres://auditor:secret@127.0.0.1:5432/holdfast",
};

test("the least that must be set is its region, brokers and its database", () => {
  expect(readConfig(least)).toEqual({
    region: "us-east-1",
    kafka: ["127.0.0.1:9092", "127.0.0.1:9093"],
    postgres: "postgres://auditor:secret@127.0.0.1:5432/holdfast",
    metricsListen: undefined,
    archive: undefined,
    logLevel: "info",
    tls: {},
  });
});

test("a bucket is what it reads older records from", () => {
  const store = {
    HOLDFAST_S3_BUCKET: "audit",
    HOLDFAST_S3_ENDPOINT: "http://127.0.0.1:9000",
    AWS_ACCESS_KEY_ID: "reader",
    AWS_SECRET_ACCESS_KEY: "secret",
  };
  expect(readConfig({ ...least, ...store }).archive).toEqual({
    bucket: "audit",
    region: "us-east-1",
    endpoint: "http://127.0.0.1:9000",
    credentials: { accessKeyId: "reader", secretAccessKey: "secret" },
  });
  expect(readConfig({ ...least, HOLDFAST_S3_BUCKET: "audit" }).archive).toEqual({
    bucket: "audit",
    region: "us-east-1",
  });
});

test.each([
  ["HOLDFAST_REGION", undefined],
  ["HOLDFAST_KAFKA", undefined],
  ["HOLDFAST_KAFKA", "broker"],
  ["HOLDFAST_POSTGRES", undefined],
  ["HOLDFAST_POSTGRES", "mysql://auditor:secret@db/holdfast"],
  ["HOLDFAST_METRICS_LISTEN", "9100"],
  ["HOLDFAST_S3_BUCKET", "A"],
  ["HOLDFAST_S3_ENDPOINT", "127.0.0.1:9000"],
  ["AWS_ACCESS_KEY_ID", "alone"],
])("%s may not be %s, and the complaint names it and tells no password", (name, value) => {
  const read = () => readConfig({ ...least, [name]: value });
  expect(read).toThrow(new RegExp(`  ${name} `));
  expect(read).not.toThrow(/secret/);
});
