import { expect, test } from "vitest";
import { HandmadeHistory } from "./handmade-history.ts";
import { waiterProgress } from "./waiter-progress.ts";

function waiting(): HandmadeHistory {
  return new HandmadeHistory().client("a", "started").grant("h/1").queue("a/1");
}

test("a waiter that is promoted soon is in order, and so is one whose lock stays held", () => {
  const history = waiting().heals().at(90_000).end("h/1").at(91_000).promote("a/1").at(200_000);
  expect(history.found(waiterProgress)).toEqual([]);
});

test("a waiter forgotten at a free lock is found, at the end too", () => {
  const later = waiting().heals().end("h/1").at(6_000).promote("a/1");
  expect(later.found(waiterProgress)).toEqual(["ns/lock was free for a/1 for 6000 ms"]);
  expect(waiting().heals().end("h/1").at(6_000).found(waiterProgress)).toHaveLength(1);
});

test("a shared waiter forgotten beside a shared holder is found", () => {
  const history = new HandmadeHistory().client("a", "started").grant("h/1", { mode: "shared" });
  history.queue("a/1", { mode: "shared" }).heals().at(6_000);
  expect(history.found(waiterProgress)).toHaveLength(1);
});

test("time before the world healed, or in which no waiter lived, does not count", () => {
  expect(waiting().end("h/1").at(60_000).heals().at(61_000).found(waiterProgress)).toEqual([]);
  const dead = waiting().heals().client("a", "crashed").end("h/1").at(60_000);
  expect(dead.found(waiterProgress)).toEqual([]);
});

test("in a tree, a waiter is free to go on only when nobody above or below it holds", () => {
  const waiting = () =>
    new HandmadeHistory().heals().grant("h/1", { path: "a/b" }).queue("a/1", { path: "a" });
  expect(waiting().at(60_000).found(waiterProgress)).toEqual([]);
  const forgotten = waiting().at(60_000).end("h/1", { path: "a/b" }).at(66_000);
  expect(forgotten.found(waiterProgress)).toEqual(["tree/a was free for a/1 for 6000 ms"]);
});
