import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const shards = "us-east-1/s0=http://a:1,http://b:2;us-west-2/s0=http://c:3";

test("shards of several regions are read, with their members", () => {
  expect(readConfig({ HOLDFAST_REGION_SHARDS: shards })).toMatchObject({
    cluster: "holdfast",
    shards: [
      { region: "us-east-1", shard: "s0", endpoints: ["http://a:1", "http://b:2"] },
      { region: "us-west-2", shard: "s0", endpoints: ["http://c:3"] },
    ],
    auditListen: "127.0.0.1:7440",
    rowsMax: 50_000,
  });
});

test.each([
  ["", /names no shard/],
  ["s0=http://a:1", /not region\/shard=url,url: s0=/],
  ["a/s0=", /not region\/shard/],
  ["a/s0=http://a:1;a/s0=http://b:1", /not region\/shard/],
])("HOLDFAST_REGION_SHARDS=%j is refused", (text, why) => {
  expect(() => readConfig({ HOLDFAST_REGION_SHARDS: text })).toThrow(why);
});

test("a record of hardly any events is refused", () => {
  const configured = { HOLDFAST_REGION_SHARDS: shards, HOLDFAST_RECORD_ROWS: "10" };
  expect(() => readConfig(configured)).toThrow(/HOLDFAST_RECORD_ROWS/);
});
