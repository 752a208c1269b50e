import { expect, test } from "vitest";
import { definiteAnswer } from "./definite-answer.ts";
import { HandmadeHistory } from "./handmade-history.ts";

test("answers that are true when they are sent are in order", () => {
  const history = new HandmadeHistory().grant("a/1");
  const token = history.token();
  history.tells("granted", "a/1", token).end("a/1").tells("released", "a/1", token);
  history.tells("not-held", "a/1", token).tells("cancelled", "a/1", 0n, 1_000);
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
    "r0 said released of a/1 on ns/lock, but a/1 holds it",
    "r0 said not-held of a/1 on ns/lock, but a/1 holds it",
  ]);
});

test("cancelled, of what stands in line, is found", () => {
  const history = new HandmadeHistory().grant("h/1").queue("a/1").tells("cancelled", "a/1");
  expect(history.found(definiteAnswer)).toEqual([
    "r0 said cancelled of a/1 on ns/lock, but a/1 stands in line",
  ]);
});

test("a late copy that gets through is found where the answer was for good, and only there", () => {
  const history = new HandmadeHistory().grant("a/1");
  const token = history.token();
  history.end("a/1").tells("released", "a/1", token, 0).tells("released", "a/1", token, 1_000);
  history.grant("a/1");
  expect(history.found(definiteAnswer)).toEqual([
    "r0 said released of a/1 on ns/lock, but a late copy of a/1 got through",
  ]);
});

test("what is for good ends with its time, and with the session's lease of then", () => {
  const later = new HandmadeHistory().tells("cancelled", "a/1", 0n, 1_000).at(1_001).grant("a/1");
  expect(later.found(definiteAnswer)).toEqual([]);
  const renewed = new HandmadeHistory().lease(1n, "granted", 10_000);
  renewed.tells("cancelled", "a/1", 0n, 1_000).lease(2n, "granted", 10_000);
  renewed.at(500).grant("a/1", { lease: 2n });
  expect(renewed.found(definiteAnswer)).toEqual([]);
});
