import { expect, test } from "vitest";
import { HandmadeHistory } from "./handmade-history.ts";
import { requestAnswered } from "./request-answered.ts";

test("a request that was answered, or may still wait, is in order", () => {
  const history = new HandmadeHistory().heals().asks("a/1", 0).answers("a/1", "held");
  expect(history.asks("a/2", 60_000).at(60_000).found(requestAnswered)).toEqual([]);
});

test("a request that is left without an answer is found", () => {
  const history = new HandmadeHistory().heals().asks("a/1", 10_000).at(15_001);
  expect(history.found(requestAnswered)).toEqual(["a/1 never got an answer (5001 ms overdue)"]);
});

test("a crashed client gets no answers", () => {
  const history = new HandmadeHistory().heals().asks("a/1", 0).client("a", "crashed").at(60_000);
  expect(history.found(requestAnswered)).toEqual([]);
});
