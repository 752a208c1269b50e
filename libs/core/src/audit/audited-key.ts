import type { GrantId } from "@holdfast/base/ids";
import type { KeyRange } from "../lock/keys.ts";
import type { LockId } from "../lock/lock-id.ts";

/**
 * One watch over this range sees each revision whole, and two over parts of it would not: what
 * happened is told by all that a revision changed. It holds the keys of closed sessions (`e/`),
 * forced releases, registers, the time marks (below `m/`), waiters, holders and markers.
 */
export const auditedRange: KeyRange = { prefix: "e/", end: "y" };

/** A key that belongs to a lock: of which lock, and what it is there. */
export interface AuditedKey {
  /** `global` is everything below `g/`. */
  readonly tier: "local" | "global";
  /** Slot, namespace and name, as they stand in the key. */
  readonly stem: string;
  readonly lock: Pick<LockId, "namespace" | "name">;
  /** `x`, `s`, `q`, `f` or `t`; of a global lock `a`, `p`, `d`, `h`, `q`, `l` or `t`. */
  readonly kind: string;
  /** Empty where the key is not of one grant. */
  readonly grantId: GrantId;
}

/** Longer ones are none of ours: a name has 256 bytes at most. */
const keyLengthMax = 600;

/** Takes a key of a lock apart; undefined for every other key. */
export function parseAuditedKey(key: string): AuditedKey | undefined {
  if (key.length > keyLengthMax) return undefined;
  const parts = /^([xsqftg])\/([0-9a-f]{3}\/([^/]+)\/(.+))\/\0(.+)$/s.exec(key);
  const [, letter, stem, namespace, name, tail] = parts ?? [];
  if (letter === undefined || stem === undefined || tail === undefined) return undefined;
  if (namespace === undefined || name === undefined) return undefined;
  const lock = { namespace, name };
  // A tombstone's key goes on after the grant id with its lease.
  const [first = "", second = ""] = tail.split("/");
  if (letter !== "g") {
    return { tier: "local", stem, lock, kind: letter, grantId: first as GrantId };
  }
  return { tier: "global", stem, lock, kind: first, grantId: second as GrantId };
}
