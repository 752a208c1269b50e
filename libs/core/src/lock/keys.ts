import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";

/**
 * The keys of a shard: kind first, so that one watch sees one kind; slot second, so that a slot is
 * one range of each kind when it moves; then the lock and, after a NUL, the grant. A name cannot
 * contain a NUL, so no lock's range can reach into another's.
 */
export interface LockKeys {
  /** Exclusive holder. */
  readonly exclusive: KeyRange;
  /** Shared holders. */
  readonly shared: KeyRange;
  /** Waiters. */
  readonly queue: KeyRange;
  /** Requests that must not be granted any more. */
  readonly tombstones: KeyRange;
  /** For force releases: who and why. */
  readonly forced: KeyRange;
}

/** All keys that begin with `prefix`; `end` is exclusive. */
export interface KeyRange {
  readonly prefix: string;
  readonly end: string;
}

/** The kinds of keys that belong to one grant. */
export type KeyKind = "x" | "s" | "q" | "t" | "f";

const kinds = new Set<string>(["x", "s", "q", "t", "f"]);

/** The keys of one lock. `slot`: 0 to 4095. */
export function lockKeys(slot: number, namespace: string, name: string): LockKeys {
  const tail = `/${slotText(slot)}/${namespace}/${name}/`;
  return {
    exclusive: grants("x", tail),
    shared: grants("s", tail),
    queue: grants("q", tail),
    tombstones: grants("t", tail),
    forced: grants("f", tail),
  };
}

/** Everything of one kind at or below `path` of a hierarchical namespace: "/" + 1 is "0". */
export function subtree(kind: "x" | "s", slot: number, namespace: string, path: string): KeyRange {
  const stem = `${kind}/${slotText(slot)}/${namespace}/${path}`;
  return { prefix: `${stem}/`, end: `${stem}0` };
}

/**
 * A request's tombstones: one key a lease, so that a stalled cancel, which hangs its own on an
 * older lease, cannot move a newer one there and take it along when that lease ends.
 */
export function tombstonesOf(keys: LockKeys, grantId: GrantId): KeyRange {
  const stem = keys.tombstones.prefix + grantId;
  return { prefix: `${stem}/`, end: `${stem}0` };
}

/** The key of the tombstone of a request under `lease`. */
export function tombstoneKey(keys: LockKeys, grantId: GrantId, lease: LeaseId): string {
  return `${keys.tombstones.prefix}${grantId}/${lease.toString(16)}`;
}

/** A key of one lock taken apart. */
export interface ParsedKey {
  readonly kind: KeyKind;
  readonly slot: number;
  readonly namespace: string;
  readonly name: string;
  readonly grantId: GrantId;
}

/** Takes a lock's key apart; undefined for every other key. */
export function parseKey(key: string): ParsedKey | undefined {
  const kind = key.slice(0, 1);
  const separator = key.indexOf("/\0");
  if (!kinds.has(kind) || key[1] !== "/" || key[5] !== "/" || separator < 0) return undefined;
  const namespaceEnd = key.indexOf("/", 6);
  if (namespaceEnd >= separator) return undefined;
  return {
    kind: kind as KeyKind,
    slot: Number.parseInt(key.slice(2, 5), 16),
    namespace: key.slice(6, namespaceEnd),
    name: key.slice(namespaceEnd + 1, separator),
    grantId: grantIdIn(key.slice(separator + 2)),
  };
}

/** A tombstone's key goes on after the grant id with its lease. */
function grantIdIn(rest: string): GrantId {
  const slash = rest.indexOf("/");
  return (slash < 0 ? rest : rest.slice(0, slash)) as GrantId;
}

/** The epoch a shard has acknowledged. */
export const epochKey = "/epoch";
/** The region's placement. */
export const placementKey = "m/placement";
/** Which shard of which region this is. */
export const identityKey = "m/shard";
/** A journal's checkpoint. While it is there, compaction is the journal's alone. */
export const journalKey = "m/journal";
/** Which journal reads the shard's history, for as long as its lease lives. */
export const journalLeaderKey = "m/journal-leader";

/** The key that says under which lease a session lives in this shard. */
export function sessionMarkerKey(session: SessionId): string {
  return `v/${session}`;
}

/** The key that says that a pooled lease lives. */
export function poolMarkerKey(lease: LeaseId): string {
  return `v/p${lease.toString(16)}`;
}

/** The key that says that a session was closed, not lost. */
export function closedKey(session: SessionId): string {
  return `e/${session}`;
}

function grants(kind: KeyKind, tail: string): KeyRange {
  return { prefix: `${kind}${tail}\0`, end: `${kind}${tail}\x01` };
}

/** Three hex digits. */
export function slotText(slot: number): string {
  return slot.toString(16).padStart(3, "0");
}
