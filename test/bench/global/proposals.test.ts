import { type Ballot, encodeBallot } from "@holdfast/core/quorum/ballot";
import { encodeAccepted } from "@holdfast/core/quorum/register-codec";
import { emptyRegister } from "@holdfast/core/quorum/register-value";
import { expect, test } from "vitest";
import { proposalsOf, type RegisterWrite } from "./proposals.ts";

function ballot(round: number, proposer = 1): Ballot {
  return { round, proposer, incarnation: 1 };
}

const atMs = 0;

function prepares(of: Ballot, ...regions: number[]): RegisterWrite[] {
  return regions.map((region) => ({ region, atMs, promised: encodeBallot(of) }));
}

function accepts(of: Ballot, version: number, ...regions: number[]): RegisterWrite[] {
  const promised = encodeBallot(ballot(of.round + 1, of.proposer));
  const accepted = encodeAccepted(of, { ...emptyRegister, version });
  return regions.map((region) => ({ region, atMs, promised, accepted }));
}

test("a change that two regions accepted is useful, prepared or not", () => {
  const writes = [
    ...prepares(ballot(1), 0, 1, 2),
    ...accepts(ballot(1), 1, 0, 1),
    // Warm: its promise came with the accept before.
    ...accepts(ballot(2), 2, 0, 1, 2),
  ];
  expect(proposalsOf(writes)).toMatchObject({ made: 2, useful: 2, beaten: 0, preparedOnly: 0 });
});

test("a proposal that only one region accepted was beaten", () => {
  const writes = [...accepts(ballot(1), 1, 0), ...accepts(ballot(2, 2), 1, 1, 2)];
  expect(proposalsOf(writes)).toMatchObject({ made: 2, useful: 1, beaten: 1 });
});

test("a promise that nothing came of was made in vain", () => {
  const writes = [...prepares(ballot(1), 0), ...prepares(ballot(2, 2), 0, 1)];
  expect(proposalsOf(writes)).toMatchObject({ made: 2, useful: 0, preparedOnly: 2 });
});

test("what writes again what is there changes nothing", () => {
  const writes = [...accepts(ballot(1), 1, 0, 1), ...accepts(ballot(2, 2), 1, 1, 2)];
  expect(proposalsOf(writes)).toMatchObject({ made: 2, useful: 1, unchanged: 1 });
});

test("what a region heard of before the counted time is left out in all regions", () => {
  const later = (writes: RegisterWrite[]) => writes.map((write) => ({ ...write, atMs: 10 }));
  const writes = [
    ...prepares(ballot(1), 0),
    ...later(accepts(ballot(1), 1, 0, 1)),
    ...later(accepts(ballot(2), 2, 0, 1)),
  ];
  expect(proposalsOf(writes, 5)).toMatchObject({ made: 1, useful: 1 });
});

test("bytes that cannot be read are an error, not a figure", () => {
  expect(() => proposalsOf([{ region: 0, atMs, accepted: new Uint8Array(20) }])).toThrow(
    "cannot be read",
  );
});
