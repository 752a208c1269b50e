import { compareBytes } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { nextToken } from "../quorum/register-value.ts";
import {
  closedState,
  counterOf,
  decodeState,
  encodeCounter,
  encodeState,
  grantedState,
  isOlderState,
  localToken,
  openedState,
  sameState,
  sequenceMax,
} from "./delegation-state.ts";

const id = "delegation" as GrantId;

test("tokens rise over grants, renewals and whatever the register grants next", () => {
  const granted = 7n << 20n;
  const opened = openedState(id, counterOf(granted));
  const first = grantedState(opened);
  const second = grantedState(first);
  const renewed = grantedState(openedState(id, counterOf(nextToken(granted))));
  const last = nextToken(nextToken(granted));
  const tokens = [granted, localToken(first), localToken(second), localToken(renewed), last];
  expect(tokens).toEqual([...tokens].sort((left, right) => (left < right ? -1 : 1)));
  expect(new Set(tokens).size).toBe(tokens.length);
  expect(localToken(first)).toBe((7n << 20n) | 1n);
});

test("the last number of a counter is below the next counter, and there is none after it", () => {
  const last = { ...openedState(id, 7n), sequence: sequenceMax };
  expect(localToken(last)).toBe((8n << 20n) - 1n);
  expect(() => grantedState(last)).toThrow("renewed before its numbers run out");
});

test("a closed delegation grants nothing", () => {
  expect(() => grantedState(closedState(openedState(id, 7n)))).toThrow("grants nothing");
});

test("a state is read back as it was stored, and never when it is cut short or damaged", () => {
  const state = grantedState(openedState(id, 2n ** 40n));
  for (const each of [state, closedState(state)]) {
    expect(decodeState(encodeState(each))).toEqual(each);
    expect(sameState(each, each)).toBe(true);
  }
  expect(sameState(state, closedState(state))).toBe(false);
  const bytes = encodeState(state);
  for (let length = 0; length < 14; length++) {
    expect(decodeState(bytes.subarray(0, length))).toBeUndefined();
  }
  bytes[12] = 0;
  expect(decodeState(bytes)).toBeUndefined();
});

test("stored states compare with a counter as opening needs it", () => {
  const stored = encodeState({ id, counter: 7n, sequence: 900, isOpen: false });
  expect(compareBytes(stored, encodeCounter(8n))).toBeLessThan(0);
  expect(compareBytes(stored, encodeCounter(7n))).toBeGreaterThan(0);
  expect(compareBytes(stored, encodeCounter(6n))).toBeGreaterThan(0);
  expect(compareBytes(stored, encodeCounter(256n))).toBeLessThan(0);
});

test("a shard that shows what was before has lost what came after", () => {
  const opened = openedState(id, 7n);
  const granted = grantedState(opened);
  const inOrder = [opened, granted, closedState(granted), openedState(id, 8n)];
  for (const [at, state] of inOrder.entries()) {
    for (const [before, known] of inOrder.entries()) {
      expect(isOlderState(state, known)).toBe(at < before);
    }
  }
});
