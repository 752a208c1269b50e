import { expect, test } from "vitest";
import type { Change } from "../history/history.ts";
import { HandmadeHistory } from "./handmade-history.ts";
import { tokensRise } from "./tokens-rise.ts";

function epoch(epoch: number): Change {
  return { kind: "put", key: "/epoch", createRevision: 2, lease: 0n, epoch };
}

test("tokens that rise by revision and by epoch are in order", () => {
  const history = new HandmadeHistory().grant("a/1").end("a/1");
  history.revision(epoch(2)).grant("b/1", { epoch: 2 });
  expect(history.found(tokensRise)).toEqual([]);
});

test("shared holders granted in one revision may share a token, exclusive ones may not", () => {
  const shared = new HandmadeHistory();
  shared.revision(
    shared.grantChange("a/1", { mode: "shared" }),
    shared.grantChange("b/1", { mode: "shared" }),
  );
  expect(shared.found(tokensRise)).toEqual([]);
  const exclusive = new HandmadeHistory();
  exclusive.revision(exclusive.grantChange("a/1"), exclusive.grantChange("b/1"));
  expect(exclusive.found(tokensRise)).toHaveLength(1);
});

test("a grant of a router with an old placement is found", () => {
  const history = new HandmadeHistory().revision(epoch(2)).grant("b/1", { epoch: 1 });
  expect(history.found(tokensRise)).toEqual(["b/1 was granted at epoch 1, the shard is at 2"]);
});

test("a token below an earlier one is found", () => {
  const history = new HandmadeHistory().revision(epoch(2)).grant("a/1", { epoch: 2 }).end("a/1");
  history.revision(epoch(1)).grant("b/1", { epoch: 1 });
  expect(history.found(tokensRise)).toHaveLength(1);
});

test("a token that was never given out is found", () => {
  const history = new HandmadeHistory().grant("a/1");
  history.believes("a/1", history.token() + 1n);
  expect(history.found(tokensRise)).toHaveLength(1);
});
