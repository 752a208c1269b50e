import { expect, test } from "vitest";
import { checkHistory } from "./check-history.ts";
import { TokenGuard } from "./guarded-writes.ts";
import type { HistoryEvent } from "./history-event.ts";

test("a guard takes rising tokens, and one holder's token again and again", () => {
  const guard = new TokenGuard();
  expect(guard.accepts("exclusive", 3n)).toBe(true);
  expect(guard.accepts("exclusive", 3n)).toBe(true);
  expect(guard.accepts("exclusive", 5n)).toBe(true);
  expect(guard.accepts("exclusive", 3n)).toBe(false);
});

test("a guard lets those who share come in any order, and none of them after the next owner", () => {
  const guard = new TokenGuard();
  expect(guard.accepts("shared", 7n)).toBe(true);
  expect(guard.accepts("shared", 6n)).toBe(true);
  expect(guard.accepts("exclusive", 5n)).toBe(false);
  expect(guard.accepts("exclusive", 8n)).toBe(true);
  expect(guard.accepts("shared", 7n)).toBe(false);
});

const held = (op: string, atMs: number, token: string): HistoryEvent[] => [
  { kind: "invoke", atMs, client: op, op, lock: "a", mode: "exclusive", waitMs: 0 },
  { kind: "return", atMs: atMs + 1, op, result: "granted", token },
  { kind: "believes", atMs: atMs + 2, op, untilMs: atMs + 20 },
];

function write(op: string, atMs: number, token: string, accepted: boolean): HistoryEvent {
  return { kind: "write", atMs, op, lock: "a", mode: "exclusive", token, accepted };
}

function messages(events: readonly HistoryEvent[]): string[] {
  return checkHistory(events).violations.map(({ checker, message }) => `${checker}: ${message}`);
}

test("a stale write that is turned away is as it should be", () => {
  const first: HistoryEvent[] = [
    ...held("first", 0, "1"),
    { kind: "lost", atMs: 25, op: "first", why: "" },
  ];
  const history = [...first, ...held("second", 40, "2"), write("second", 45, "2", true)];
  expect(messages([...history, write("first", 50, "1", false)])).toEqual([]);
});

test("a stale write that was accepted is found out", () => {
  const writes = [write("second", 45, "2", true), write("first", 50, "1", true)];
  expect(messages(writes)).toEqual(["guard: first wrote with stale token 1"]);
});

test("a holder that is sure of its lock and turned away shows that tokens do not rise", () => {
  const history = [...held("late", 40, "1"), write("late", 42, "1", false)];
  const message = "late was sure of it and turned away with token 1: it had a higher one";
  expect(messages(history)).toEqual([`guard: ${message}`]);
});
