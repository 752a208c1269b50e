import { expect, test } from "vitest";
import { HandmadeHistory } from "./handmade-history.ts";
import { silentClient } from "./silent-client.ts";

test("a crashed client's grant that goes with its ttl is in order", () => {
  const history = new HandmadeHistory().client("a", "started").grant("a/1");
  history.at(100).client("a", "crashed").at(12_000).end("a/1").at(90_000);
  expect(history.found(silentClient)).toEqual([]);
});

test("a living client may hold for as long as it likes", () => {
  const history = new HandmadeHistory().client("a", "started").grant("a/1").at(900_000);
  expect(history.found(silentClient)).toEqual([]);
});

test("a crashed or paused client's grant that is kept alive for it is found", () => {
  for (const state of ["crashed", "paused"] as const) {
    const history = new HandmadeHistory().client("a", "started").grant("a/1");
    history.at(1_000).client("a", state).at(20_000);
    expect(history.found(silentClient)).toEqual([
      "a/1 is silent, and still holds ns/lock 19000 ms later (ttl 10000 ms)",
    ]);
  }
});
