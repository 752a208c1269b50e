import { expect, test } from "vitest";
import { definiteAnswer } from "./definite-answer.ts";
import { HandmadeHistory } from "./handmade-history.ts";

test("answers that are true when they are sent are in order", () => {
  const history = new HandmadeHistory().grant("a/1");
  const token = history.token();
  history.tells("granted", "a/1", token).end("a/1").tells("released", "a/1", token);
  history.tells("not-held", "a/1", token).bury("a/1").tells("cancelled", "a/1", 0n, true);
  expect(history.found(definiteAnswer)).toEqual([]);
});

test("granted, of what the store never granted, is found", () => {
  const history = new HandmadeHistory().tells("granted", "a/1", 5n);
  expect(history.found(definiteAnswer)).toHaveLength(1);
});

test("released or not held, of what is held, is found", () => {
  const history = new HandmadeHistory().grant("a/1");
  const token = history.token();
  history.tells("released", "a/1", token).tells("not-held", "a/1", token);
  history.tells("not-held", "a/1", token - 1n);
  expect(history.found(definiteAnswer)).toEqual([
    "r0 said released of a-1 on ns/lock, but a/1 holds it",
    "r0 said not-held of a-1 on ns/lock, but a/1 holds it",
  ]);
});

test("cancelled, of what stands in line, is found", () => {
  const history = new HandmadeHistory().grant("h/1").queue("a/1").tells("cancelled", "a/1");
  expect(history.found(definiteAnswer)).toEqual([
    "r0 said cancelled of a-1 on ns/lock, but a/1 stands in line",
  ]);
});

test("a late copy that gets through although a tombstone had stood is found", () => {
  const history = new HandmadeHistory().lease(1n, "granted", 10_000).bury("a/1");
  history.tells("cancelled", "a/1", 0n, true).at(5_000).grant("a/1");
  expect(history.found(definiteAnswer)).toEqual([
    "r0 said cancelled of a-1 on ns/lock, but a late copy of a/1 got through",
  ]);
});

test("a tombstone moved to a lease that ends sooner is found by what gets through", () => {
  const history = new HandmadeHistory().lease(1n, "granted", 3_000).lease(2n, "granted", 10_000);
  history.bury("a/1", 2n).tells("cancelled", "a/1", 0n, true).bury("a/1", 1n).at(4_000);
  expect(history.grant("a/1", { lease: 3n }).found(definiteAnswer)).toHaveLength(1);
});

test("what is for good ends with the tombstone's lease", () => {
  const history = new HandmadeHistory().lease(1n, "granted", 10_000).bury("a/1");
  history.tells("cancelled", "a/1", 0n, true).at(10_500).grant("a/1", { lease: 2n });
  expect(history.found(definiteAnswer)).toEqual([]);
});

test("without a tombstone, a late copy under a lease that lived is found, a newer one is not", () => {
  const old = new HandmadeHistory().mark("s", 1n).tells("released", "a/1", 5n, true);
  expect(old.grant("a/1", { lease: 1n }).found(definiteAnswer)).toHaveLength(1);
  const fresh = new HandmadeHistory().tells("released", "a/1", 5n, true).mark("s", 1n);
  expect(fresh.grant("a/1", { lease: 1n }).found(definiteAnswer)).toEqual([]);
});

test("an answer that says nothing of copies does not refuse them", () => {
  const history = new HandmadeHistory().mark("s", 1n).grant("a/1");
  const token = history.token();
  history.end("a/1").tells("released", "a/1", token).grant("a/1");
  expect(history.found(definiteAnswer)).toEqual([]);
});
