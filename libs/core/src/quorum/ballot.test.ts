import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Ballot,
  BallotSource,
  compareBallots,
  decodeBallot,
  encodeBallot,
  maxBallot,
  printBallot,
  zeroBallot,
} from "./ballot.ts";

const ballots = fc.record({
  round: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  proposer: fc.nat({ max: 2 ** 32 - 1 }),
  incarnation: fc.nat({ max: 2 ** 32 - 1 }),
});

test("a ballot is read back as it was stored", () => {
  fc.assert(
    fc.property(ballots, (ballot) => {
      expect(decodeBallot(encodeBallot(ballot))).toEqual(ballot);
    }),
  );
});

test("the store's order of bytes is the order of ballots", () => {
  fc.assert(
    fc.property(ballots, ballots, (left, right) => {
      const bytes = Buffer.compare(encodeBallot(left), encodeBallot(right));
      expect(Math.sign(compareBallots(left, right))).toBe(bytes);
    }),
  );
});

test("what is no ballot is not read as one", () => {
  expect(decodeBallot(new Uint8Array(15))).toBeUndefined();
  expect(decodeBallot(new Uint8Array(16).fill(255))).toBeUndefined();
});

test("every ballot of a source is above what was seen and above all before it", () => {
  const source = new BallotSource(3, 2);
  const given: Ballot[] = [source.next()];
  for (const round of [0, 7, 2, 7, 100]) {
    const seen = { round, proposer: 9, incarnation: 9 };
    const next = source.next(seen);
    expect(compareBallots(next, seen)).toBeGreaterThan(0);
    expect(compareBallots(next, given.at(-1) ?? zeroBallot)).toBeGreaterThan(0);
    given.push(next);
  }
  expect(printBallot(given.at(-1) ?? zeroBallot)).toBe("101.3.2");
});

test("two lives of one coordinator never share a ballot", () => {
  const first = new BallotSource(1, 1).next();
  const second = new BallotSource(1, 2).next();
  expect(compareBallots(first, second)).not.toBe(0);
  expect(maxBallot(first, second)).toBe(second);
});
