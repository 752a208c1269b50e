import { expect, test } from "vitest";
import { beliefTruth } from "./belief-truth.ts";
import { HandmadeHistory } from "./handmade-history.ts";

test("a belief that ends with its grant, or before it, is in order", () => {
  const history = new HandmadeHistory().at(10).grant("a/1");
  const token = history.token();
  history.at(12).believes("a/1", token).at(5_000).doubts("a/1", token).at(5_001).end("a/1");
  expect(history.found(beliefTruth)).toEqual([]);
});

test("a belief that outlives its grant is found, with how long", () => {
  const history = new HandmadeHistory().at(10).grant("a/1");
  const token = history.token();
  history.at(12).believes("a/1", token).at(5_000).end("a/1").at(5_040).doubts("a/1", token);
  expect(history.found(beliefTruth)).toEqual([
    "a/1 on ns/lock believes for 40.0 ms more than it holds",
  ]);
});

test("a belief that is still there at the end is found too", () => {
  const history = new HandmadeHistory().at(10).grant("a/1");
  history.believes("a/1", history.token()).at(5_000).end("a/1").at(9_000);
  expect(history.found(beliefTruth)).toHaveLength(1);
});

test("a belief in a grant that was never made, or not yet, is found", () => {
  expect(new HandmadeHistory().believes("a/1", 7n).found(beliefTruth)).toHaveLength(1);
  const early = new HandmadeHistory();
  early.at(5).believes("a/1", early.token(-1)).at(6).grant("a/1");
  early.at(7).doubts("a/1", early.token());
  expect(early.found(beliefTruth)).toHaveLength(1);
});

test("a belief that comes back after its grant ended is found", () => {
  const history = new HandmadeHistory().at(10).grant("a/1");
  const token = history.token();
  history.believes("a/1", token).at(20).doubts("a/1", token).at(30).end("a/1");
  history.at(40).believes("a/1", token).at(50).doubts("a/1", token);
  expect(history.found(beliefTruth)).toEqual([
    "a/1 on ns/lock believes for 10.0 ms more than it holds",
  ]);
});

test("a forced release is the announced exception", () => {
  const history = new HandmadeHistory().at(10).grant("a/1");
  history.believes("a/1", history.token()).at(20);
  history.revision(history.endChange("a/1"), history.forcedChange("a/1"));
  expect(history.at(90).found(beliefTruth)).toEqual([]);
});
