import { invariant } from "@holdfast/base/invariant";

/**
 * The number of one attempt to change a register. Attempts are ordered by round, then proposer,
 * then incarnation; no two attempts of the world have the same one.
 */
export interface Ballot {
  /** Rises past every ballot seen; 1 to 2^53 - 1. */
  readonly round: number;
  /** The coordinator that makes the attempt; 32 bits. */
  readonly proposer: number;
  /** Which start of that coordinator, from a counter in etcd; 32 bits. */
  readonly incarnation: number;
}

/** Below every ballot there is. */
export const zeroBallot: Ballot = { round: 0, proposer: 0, incarnation: 0 };

/** Bytes of a ballot as it is stored. */
export const ballotBytes = 16;

/** Negative, zero or positive, as the stored forms compare. */
export function compareBallots(left: Ballot, right: Ballot): number {
  return (
    left.round - right.round ||
    left.proposer - right.proposer ||
    left.incarnation - right.incarnation
  );
}

/** The higher one. */
export function maxBallot(left: Ballot, right: Ballot): Ballot {
  return compareBallots(left, right) < 0 ? right : left;
}

/** Big-endian, so that the store's order of bytes is the order of ballots. */
export function encodeBallot({ round, proposer, incarnation }: Ballot): Uint8Array {
  const bytes = new Uint8Array(ballotBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(round));
  view.setUint32(8, proposer);
  view.setUint32(12, incarnation);
  return bytes;
}

/** Reads the first 16 bytes; undefined where there are fewer, or the round is past 2^53 - 1. */
export function decodeBallot(bytes: Uint8Array): Ballot | undefined {
  if (bytes.length < ballotBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, ballotBytes);
  const round = Number(view.getBigUint64(0));
  if (!Number.isSafeInteger(round)) return undefined;
  return { round, proposer: view.getUint32(8), incarnation: view.getUint32(12) };
}

/** For people: `7.2.1` is round 7 of proposer 2 in its first life. */
export function printBallot({ round, proposer, incarnation }: Ballot): string {
  return `${round}.${proposer}.${incarnation}`;
}

/**
 * Hands out the ballots of one start of one coordinator, each once. A ballot used for two values is
 * the end of everything: two quorums could choose one each.
 */
export class BallotSource {
  readonly #proposer: number;
  readonly #incarnation: number;
  #round = 0;

  constructor(proposer: number, incarnation: number) {
    this.#proposer = proposer;
    this.#incarnation = incarnation;
  }

  /** A ballot above `seen` and above every one handed out before. */
  next(seen: Ballot = zeroBallot): Ballot {
    this.#round = Math.max(this.#round, seen.round) + 1;
    invariant(Number.isSafeInteger(this.#round), "rounds do not run out");
    return { round: this.#round, proposer: this.#proposer, incarnation: this.#incarnation };
  }
}
