import type { SessionId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { AbandonedSessions } from "./abandoned-sessions.ts";

test("a thousand sessions are remembered, the oldest one is forgotten first", () => {
  const abandoned = new AbandonedSessions();
  for (let number = 0; number <= 1_000; number++) abandoned.note(`s${number}` as SessionId);
  const known = ["s0", "s1", "s1000", "s1001"].map((id) => abandoned.has(id as SessionId));
  expect(known).toEqual([false, true, true, false]);
});
