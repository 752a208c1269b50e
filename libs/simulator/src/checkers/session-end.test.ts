import { expect, test } from "vitest";
import { HandmadeHistory } from "./handmade-history.ts";
import { sessionEnd } from "./session-end.ts";

test("a session that has ended, or ends while the answer is made, may be called so", () => {
  const ended = new HandmadeHistory().mark("s", 1n).unmark("s").endsSession("s");
  expect(ended.found(sessionEnd)).toEqual([]);
  const meanwhile = new HandmadeHistory().mark("s", 1n);
  const arrivedOrder = meanwhile.entries.length;
  meanwhile.unmark("s").mark("s", 2n).endsSession("s", { arrivedOrder });
  expect(meanwhile.found(sessionEnd)).toEqual([]);
});

test("a living session that is called ended is found", () => {
  const history = new HandmadeHistory().mark("s", 1n).endsSession("s");
  expect(history.found(sessionEnd)).toEqual([
    "r0 said that a session has ended, which lives in s0",
  ]);
});

test("one lease of it may have ended while another lives, in another shard or later", () => {
  const history = new HandmadeHistory().mark("s", 1n).unmark("s").mark("s", 2n);
  history.endsSession("s", { lease: 1n }).endsSession("s", { shard: "s1" });
  expect(history.found(sessionEnd)).toEqual([]);
  expect(history.endsSession("s", { lease: 2n }).found(sessionEnd)).toHaveLength(1);
});
