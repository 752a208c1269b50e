import { expect, test } from "vitest";
import { HandmadeHistory } from "./handmade-history.ts";
import { onePlace } from "./one-place.ts";

test("a request that waits, holds and ends is in order", () => {
  const history = new HandmadeHistory().grant("h/1").queue("a/1").end("h/1").promote("a/1");
  expect(history.end("a/1").found(onePlace)).toEqual([]);
});

test("a request in line twice is found", () => {
  const history = new HandmadeHistory().grant("h/1");
  history.queue("a/1", { grantId: "first" }).queue("a/1", { grantId: "second" });
  expect(history.found(onePlace)).toEqual(["a/1 has two places at ns/lock"]);
});

test("a request in line for what it holds is found", () => {
  const history = new HandmadeHistory().grant("a/1", { grantId: "first" });
  history.queue("a/1", { grantId: "second" });
  expect(history.found(onePlace)).toEqual(["a/1 has two places at ns/lock"]);
});

test("a request that holds twice, under two grant ids, is found", () => {
  const history = new HandmadeHistory().grant("a/1", { grantId: "first", mode: "shared" });
  history.grant("a/1", { grantId: "second", mode: "shared" });
  expect(history.found(onePlace)).toEqual(["a/1 has two places at ns/lock"]);
});

test("a request that begins anew after its session ended is in order", () => {
  const history = new HandmadeHistory().grant("a/1", { grantId: "first" });
  history.queue("a/1", { grantId: "second", session: "other" });
  expect(history.found(onePlace)).toEqual([]);
});
