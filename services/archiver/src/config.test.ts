import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const least = {
  HOLDFAST_REGION: "us-east-1",
  HOLDFAST_POSTGRES: "postgres://holdfast@127.0.0.1:5432/postgres",
  HOLDFAST_S3_BUCKET: "records",
};

test("what is not set is as the documents say", () => {
  const config = readConfig(least, []);
  expect(config).toMatchObject({
    tasks: [],
    store: { bucket: "records", region: "us-east-1", lockMode: "governance" },
    bucket: { lifecycle: { glacierDays: 90, deepArchiveDays: 365 } },
    settings: { everyMs: 900_000, closeMs: 3_600_000, hotMs: 7 * 86_400_000 },
  });
  // As the machine is set up.
  expect("endpoint" in config.store || "credentials" in config.store).toBe(false);
});

test("tasks come in the order in which they make sense, however they are asked for", () => {
  expect(readConfig(least, ["--verify", "--once", "--ensure-bucket"]).tasks).toEqual([
    "--ensure-bucket",
    "--once",
    "--verify",
  ]);
  expect(() => readConfig(least, ["--twice"])).toThrow("There is no --twice");
});

test.each([
  [{ HOLDFAST_S3_BUCKET: "No Bucket" }, /HOLDFAST_S3_BUCKET is 3 to 63/],
  [{ HOLDFAST_S3_ENDPOINT: "127.0.0.1" }, /HOLDFAST_S3_ENDPOINT is http/],
  [{ HOLDFAST_POSTGRES: "mysql://x" }, /HOLDFAST_POSTGRES is postgres/],
  [{ HOLDFAST_ARCHIVE_HOT_DAYS: "soon" }, /HOLDFAST_ARCHIVE_HOT_DAYS is a whole number/],
  [{ HOLDFAST_ARCHIVE_HOT_DAYS: "0" }, /HOLDFAST_ARCHIVE_HOT_DAYS is a whole number/],
  [{ HOLDFAST_ARCHIVE_DEEP_DAYS: "80" }, /HOLDFAST_ARCHIVE_DEEP_DAYS is more than/],
  [{ AWS_ACCESS_KEY_ID: "key" }, /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set both/],
])("%o is refused by its name", (change, said) => {
  expect(() => readConfig({ ...least, ...change }, [])).toThrow(said);
});
