import { hash } from "node:crypto";
import { type LockId, lockKey } from "@holdfast/core/lock/lock-id";

/** By what a lock is looked for in the store. It never changes: rows that are there have it. */
export function lockHash(lock: LockId): bigint {
  return hash("sha256", lockKey(lock), "buffer").readBigInt64BE(0);
}
