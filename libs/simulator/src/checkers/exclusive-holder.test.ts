import { expect, test } from "vitest";
import { exclusiveHolder } from "./exclusive-holder.ts";
import { HandmadeHistory } from "./handmade-history.ts";

test("holders one after the other, and shared ones together, are in order", () => {
  const history = new HandmadeHistory().grant("a/1").end("a/1").grant("b/1").end("b/1");
  history.grant("a/2", { mode: "shared" }).grant("b/2", { mode: "shared" });
  expect(history.found(exclusiveHolder)).toEqual([]);
});

test("a hand-over in one revision is in order", () => {
  const history = new HandmadeHistory().grant("a/1").queue("b/1");
  history.revision(
    history.endChange("a/1"),
    history.grantChange("b/1"),
    history.leaveChange("b/1"),
  );
  expect(history.found(exclusiveHolder)).toEqual([]);
});

test("two exclusive holders are found", () => {
  const history = new HandmadeHistory().grant("a/1").grant("b/1");
  expect(history.found(exclusiveHolder)).toEqual([
    "ns/lock is held by a/1 (exclusive) and b/1 (exclusive)",
  ]);
});

test("an exclusive holder beside a shared one is found, whichever came first", () => {
  const sharedFirst = new HandmadeHistory().grant("a/1", { mode: "shared" }).grant("b/1");
  expect(sharedFirst.found(exclusiveHolder)).toHaveLength(1);
  const sharedLast = new HandmadeHistory().grant("b/1").grant("a/1", { mode: "shared" });
  expect(sharedLast.found(exclusiveHolder)).toHaveLength(1);
});

test("in a tree, a holder above or below an exclusive one is found, one beside it is in order", () => {
  const beside = new HandmadeHistory().grant("a/1", { path: "a/b" }).grant("b/1", { path: "a/c" });
  expect(beside.found(exclusiveHolder)).toEqual([]);
  const below = new HandmadeHistory().grant("a/1", { path: "a" }).grant("b/1", { path: "a/b/c" });
  expect(below.found(exclusiveHolder)).toEqual([
    "tree/a/b/c with tree/a is held by a/1 (exclusive) and b/1 (exclusive)",
  ]);
  const above = new HandmadeHistory().grant("a/1", { path: "a/b", mode: "shared" });
  expect(above.grant("b/1", { path: "a" }).found(exclusiveHolder)).toHaveLength(1);
});
