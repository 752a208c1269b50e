import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import type { Showing } from "./message.ts";
import { emptyRegister } from "./register-value.ts";
import { survey } from "./survey.ts";
import { holderOf } from "./testing/requests.ts";

const value = { ...emptyRegister, holders: [holderOf("a")], version: 1 };
const grant = "a" as GrantId;

function shows(round: number, lease?: bigint, halfTrusted = false): Showing {
  const live = lease === undefined ? [] : [{ grantId: grant, lease: lease as LeaseId }];
  const accepted = { ballot: { round, proposer: 1, incarnation: 1 }, value };
  return round === 0 ? { live, halfTrusted } : { accepted, live, halfTrusted };
}

function surveyOf(...regions: readonly (Showing | undefined)[]) {
  const answered = new Map<number, Showing>();
  for (const [region, showing] of regions.entries()) {
    if (showing !== undefined) answered.set(region, showing);
  }
  return survey(answered);
}

test("two regions that show one ballot show the value; a newer one alone does not count", () => {
  expect(surveyOf(shows(1), shows(2), shows(1))?.value).toEqual(value);
  expect(surveyOf(undefined, shows(0), shows(0))?.value).toEqual(emptyRegister);
  expect(surveyOf(shows(1), shows(2), undefined)).toBeUndefined();
  expect(surveyOf(shows(1), undefined, undefined)).toBeUndefined();
});

test("only regions of the same ballot confirm a grant together", () => {
  const mixed = surveyOf(shows(1, 7n), shows(2, 8n), shows(2, 9n));
  expect([...(mixed?.confirmed(grant) ?? [])]).toEqual([
    [1, 8n],
    [2, 9n],
  ]);
});

test("a holder is gone when two regions say so, and in doubt when one does", () => {
  const gone = surveyOf(shows(1), shows(1, 7n), shows(1));
  expect(gone?.liveness.get(grant)).toBe("gone");
  const doubted = surveyOf(shows(1), shows(1, 7n), undefined);
  expect(doubted?.liveness.get(grant)).toBe("undecided");
  expect(doubted?.isInDoubt).toBe(true);
  // Admitted again not long ago: what it lacks proves nothing.
  expect(surveyOf(shows(1, undefined, true), shows(1), undefined)?.liveness.get(grant)).toBe(
    "undecided",
  );
});
