import { Cancellation } from "@holdfast/base/cancellation";
import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import { dial } from "./dial.ts";
import type { Connection, Transport } from "./transport.ts";

test("a connection that ended before its answer came is none", async () => {
  const connection = { region: "us", close: () => {} } as Connection;
  const transport: Transport = {
    connect: async (_endpoint, listener) => {
      listener.onClosed("router crashed");
      return { kind: "connected", connection };
    },
  };
  const closed: string[] = [];
  const dialling = {
    transport,
    clock: new ManualClock(),
    cancellation: new Cancellation(),
    onEvent: () => {},
    onClosed: (_: unknown, reason: string) => void closed.push(reason),
  };
  const reply = await dial(dialling, "a:1");
  expect(reply).toMatchObject({ code: "SHARD_UNAVAILABLE", message: "a:1: router crashed" });
  expect(closed).toEqual([]);
});
