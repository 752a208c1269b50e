import type { GrantId } from "@holdfast/base/ids";
import { type KeyRange, slotText } from "../lock/keys.ts";

/**
 * The keys of a register in one region's shard. After the name comes a NUL, as in a local lock's
 * keys: without it the liveness of `a` would lie among the keys of a lock called `a/l`.
 */
export interface RegisterKeys {
  /** The highest ballot promised; no lease, ever. */
  readonly promised: string;
  /** The accepted ballot and value; no lease, ever. */
  readonly accepted: string;
  /** One key a grant, under its session's lease. */
  readonly live: KeyRange;
}

/** The keys of one register. `slot`: 0 to 4095. */
export function registerKeys(slot: number, namespace: string, name: string): RegisterKeys {
  const stem = `g/${slotText(slot)}/${namespace}/${name}/\0`;
  return {
    promised: `${stem}p`,
    accepted: `${stem}a`,
    live: { prefix: `${stem}l/`, end: `${stem}l0` },
  };
}

/** All registers of a shard, the three kinds of keys of each among each other. */
export const registersRange: KeyRange = { prefix: "g/", end: "g0" };

/** The lock whose accepted value `key` is; undefined for every other key. */
export function lockOfAccepted(
  key: string,
): { readonly namespace: string; readonly name: string } | undefined {
  if (!key.startsWith("g/") || !key.endsWith("/\0a") || key[5] !== "/") return undefined;
  const namespaceEnd = key.indexOf("/", 6);
  return {
    namespace: key.slice(6, namespaceEnd),
    name: key.slice(namespaceEnd + 1, -"/\0a".length),
  };
}

/** The key that says that a grant's session lives in this region. */
export function livenessKey(keys: RegisterKeys, grantId: GrantId): string {
  return keys.live.prefix + grantId;
}

/** A key of one grant or request of a global lock. */
export interface GlobalGrantKey {
  /** Its liveness in the register, a holder or a place by delegation (delegation-keys.ts). */
  readonly kind: "l" | "h" | "q";
  readonly namespace: string;
  readonly name: string;
  readonly grantId: GrantId;
}

/** The grant or request that `key` is for, and its lock; undefined for every other key. */
export function parseGrantKey(key: string): GlobalGrantKey | undefined {
  const separator = key.indexOf("/\0");
  if (!key.startsWith("g/") || key[5] !== "/" || separator < 0) return undefined;
  const kind = key[separator + 2];
  if ((kind !== "l" && kind !== "h" && kind !== "q") || key[separator + 3] !== "/")
    return undefined;
  const namespaceEnd = key.indexOf("/", 6);
  return {
    kind,
    namespace: key.slice(6, namespaceEnd),
    name: key.slice(namespaceEnd + 1, separator),
    grantId: key.slice(separator + 4) as GrantId,
  };
}

/** The generation and incarnation of a region's shard. */
export const generationKey = "g/generation";
/** Stands, under a lease of the longest ttl, after a shard was admitted again [H3]. */
export const readmittedKey = "g/readmitted";
/** Which etcd cluster this is: chosen once, and gone with its data. */
export const incarnationKey = "g/incarnation";
/** The record that the shard was admitted by. */
export const membersKey = "g/members";

/** Every key of every register of some slots; the keys above are in none. `last` is included. */
export function registersOf(firstSlot: number, lastSlot: number): KeyRange {
  // A slash is followed by a zero in the order of bytes.
  return { prefix: `g/${slotText(firstSlot)}/`, end: `g/${slotText(lastSlot)}0` };
}
