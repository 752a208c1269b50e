import { expect, test } from "vitest";
import { HandmadeHistory } from "./handmade-history.ts";
import { oneWake } from "./one-wake.ts";

test("one exclusive waiter, or a run of shared ones, is woken by a release", () => {
  const history = new HandmadeHistory().grant("h/1").queue("a/1");
  history.queue("b/1", { mode: "shared" }).queue("c/1", { mode: "shared" });
  history.end("h/1").promote("a/1");
  history.revision(
    history.endChange("a/1"),
    history.grantChange("b/1", { mode: "shared" }),
    history.leaveChange("b/1"),
    history.grantChange("c/1", { mode: "shared" }),
    history.leaveChange("c/1"),
  );
  expect(history.found(oneWake)).toEqual([]);
});

test("two waiters woken by one release are found", () => {
  const history = new HandmadeHistory().grant("h/1").queue("a/1").queue("b/1").end("h/1");
  history.revision(
    history.grantChange("a/1"),
    history.leaveChange("a/1"),
    history.grantChange("b/1"),
    history.leaveChange("b/1"),
  );
  expect(history.found(oneWake)).toEqual(["ns/lock: one release woke a/1 and b/1"]);
});

test("a waiter that is granted and goes on standing in line is found", () => {
  const history = new HandmadeHistory().grant("h/1").queue("a/1").end("h/1").grant("a/1");
  expect(history.found(oneWake)).toEqual(["ns/lock: a/1 was promoted and still stands in line"]);
});
