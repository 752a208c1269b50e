import { expect, test } from "vitest";
import { ecsFields } from "./ecs-fields.ts";

test("fields bear the names of the schema, and ours lie apart from everybody's", () => {
  const fields = { "event.action": "listening", address: "[::]:7420", shard: "s0", rowsMax: 7 };
  expect(ecsFields(fields)).toEqual({
    "event.action": "listening",
    "server.address": "[::]:7420",
    "holdfast.shard": "s0",
    "holdfast.rows_max": 7,
  });
});

test("an error is told by what it is, what it says and where it came from", () => {
  const err = new TypeError("no such thing");
  expect(ecsFields({ err })).toEqual({
    "error.type": "TypeError",
    "error.message": "no such thing",
    "error.stack_trace": err.stack,
  });
});
