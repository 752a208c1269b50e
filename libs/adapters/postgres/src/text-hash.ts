import { hash } from "node:crypto";
import { type LockId, lockKey } from "@holdfast/core/lock/lock-id";

/**
 * The first 64 bits of a SHA-256: by them texts are looked for, because an index of numbers is half
 * as large as one of texts. They never change: rows that are there have them.
 */
export function textHash(text: string): bigint {
  // By way of text, because a buffer costs as much as the hash.
  return BigInt.asIntN(64, BigInt(`0x${hash("sha256", text, "hex").slice(0, 16)}`));
}

/** The hash of a lock's id. */
export function lockHash(lock: LockId): bigint {
  return textHash(lockKey(lock));
}
