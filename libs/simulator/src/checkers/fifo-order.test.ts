import { expect, test } from "vitest";
import { fifoOrder } from "./fifo-order.ts";
import { HandmadeHistory } from "./handmade-history.ts";

function held(): HandmadeHistory {
  return new HandmadeHistory().grant("h/1").queue("a/1").queue("b/1");
}

test("promotions in the order of the queue are in order", () => {
  const history = held().end("h/1").promote("a/1").end("a/1").promote("b/1");
  expect(history.found(fifoOrder)).toEqual([]);
});

test("who leaves does not count", () => {
  const history = held().leave("a/1").end("h/1").promote("b/1");
  expect(history.found(fifoOrder)).toEqual([]);
});

test("a run of shared waiters is promoted together, in order", () => {
  const history = new HandmadeHistory().grant("h/1");
  history.queue("a/1", { mode: "shared" }).queue("b/1", { mode: "shared" }).end("h/1");
  history.revision(
    history.grantChange("b/1", { mode: "shared" }),
    history.leaveChange("b/1"),
    history.grantChange("a/1", { mode: "shared" }),
    history.leaveChange("a/1"),
  );
  expect(history.found(fifoOrder)).toEqual([]);
});

test("a shared waiter that was put again may follow those of its run", () => {
  const history = new HandmadeHistory().grant("h/1");
  history.queue("a/1", { mode: "shared" }).queue("b/1", { mode: "shared" }).end("h/1");
  history.promote("b/1", { mode: "shared" }).promote("a/1", { mode: "shared" });
  expect(history.found(fifoOrder)).toEqual([]);
});

test("a shared waiter that overtakes an exclusive one is found", () => {
  const history = new HandmadeHistory().grant("h/1").queue("a/1");
  history.queue("b/1", { mode: "shared" }).end("h/1").promote("b/1", { mode: "shared" });
  expect(history.found(fifoOrder)).toHaveLength(1);
});

test("a waiter that overtakes another is found", () => {
  expect(held().end("h/1").promote("b/1").found(fifoOrder)).toEqual([
    "ns/lock: b/1 was promoted before a/1",
  ]);
});

test("a place that was put again keeps its turn", () => {
  const history = held().queue("a/1").end("h/1").promote("b/1");
  expect(history.found(fifoOrder)).toHaveLength(1);
});

test("a newcomer that overtakes the queue is found", () => {
  expect(held().end("h/1").grant("c/1").found(fifoOrder)).toEqual([
    "ns/lock: c/1 came anew and was granted before a/1",
  ]);
});
