import { expect, test } from "vitest";
import { beliefOverlap } from "./belief-overlap.ts";
import { HandmadeHistory } from "./handmade-history.ts";

test("beliefs one after the other, and shared ones together, are in order", () => {
  const history = new HandmadeHistory().at(1).believes("a/1", 1n).at(5).doubts("a/1", 1n);
  history.believes("b/1", 2n).at(9).doubts("b/1", 2n);
  history.believes("a/2", 3n, "shared").believes("b/2", 4n, "shared");
  expect(history.found(beliefOverlap)).toEqual([]);
});

test("two beliefs in one lock at once are found", () => {
  const history = new HandmadeHistory().at(1).believes("a/1", 1n).at(5).believes("b/1", 2n);
  expect(history.found(beliefOverlap)).toEqual(["ns/lock: b/1 and a/1 both act on it"]);
});

test("an exclusive belief beside a shared one is found, past any number that ended", () => {
  const history = new HandmadeHistory().at(1).believes("a/1", 1n, "shared");
  history.at(2).believes("b/1", 1n, "shared").at(3).doubts("b/1", 1n, "shared");
  history.at(4).believes("c/1", 2n);
  expect(history.found(beliefOverlap)).toEqual(["ns/lock: c/1 and a/1 both act on it"]);
});

test("whoever was forced out goes on believing until told, which is announced", () => {
  const history = new HandmadeHistory().at(1).grant("a/1").believes("a/1", 1n).at(2);
  history.revision(history.endChange("a/1"), history.forcedChange("a/1"));
  history.at(3).grant("b/1").believes("b/1", 2n);
  expect(history.found(beliefOverlap)).toEqual([]);
});
