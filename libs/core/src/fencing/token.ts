import { invariant } from "@holdfast/base/invariant";

/**
 * The fencing token: `epoch << 44 | create revision of the grant's key`.
 *
 * A shard's revisions only grow, so tokens of one lock rise while it stays in a shard; epochs only
 * grow, so they rise when it moves or the shard is restored. Tokens of two locks do not compare.
 */
const revisionBits = 44n;
const revisionMax = (1n << revisionBits) - 1n;

/** The last epoch whose tokens fit a signed 64-bit column. */
export const epochMax = 2 ** 19 - 1;

/** Builds a token. `epoch` 1 to {@link epochMax}, `revision` 1 to 2^44 - 1. */
export function makeToken(epoch: number, revision: bigint): bigint {
  invariant(Number.isInteger(epoch) && epoch >= 1 && epoch <= epochMax, `epoch ${epoch}`);
  invariant(revision >= 1n && revision <= revisionMax, `revision ${revision}`);
  return (BigInt(epoch) << revisionBits) | revision;
}

/** The create revision a token names. */
export function tokenRevision(token: bigint): bigint {
  return token & revisionMax;
}

/** The epoch a token was given out in. */
export function tokenEpoch(token: bigint): number {
  return Number(token >> revisionBits);
}
