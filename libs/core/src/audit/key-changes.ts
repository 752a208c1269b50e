import type { KeyValue } from "../txn/txn.ts";

/** One event of a watch with previous values. */
export interface WatchedChange {
  readonly kind: "put" | "delete";
  /** Of a delete only the key counts. */
  readonly kv: KeyValue;
  /** The key before the revision; absent where there was none, or where it is compacted. */
  readonly previous?: KeyValue;
}

/** What a revision did to one key, of which at least one side stands. */
export interface KeyChange {
  readonly key: string;
  readonly before?: KeyValue;
  readonly after?: KeyValue;
}

/** The state before the revision has been compacted: what happened cannot be told. */
export interface HistoryLost {
  readonly kind: "history-lost";
  /** The first key of which it was noticed. */
  readonly key: string;
}

/**
 * Every key that a revision changed, once, in the order of the keys. What was made and deleted by
 * one revision nobody could ever see: it is left out.
 *
 * The store leaves a previous value out without a word where it is compacted, so it is missed here:
 * by a delete of a key that this very revision did not make, and by a put of one that is older.
 */
export function keyChanges(watched: readonly WatchedChange[]): KeyChange[] | HistoryLost {
  const changes = new Map<string, KeyChange>();
  for (const { kind, kv, previous } of watched) {
    const { key } = kv;
    const known = changes.get(key);
    const isNew = kind === "put" && kv.createRevision === kv.modRevision;
    if (known === undefined && previous === undefined && !isNew) {
      return { kind: "history-lost", key };
    }
    const before = known === undefined ? previous : known.before;
    changes.set(key, {
      key,
      ...(before === undefined ? {} : { before }),
      ...(kind === "put" ? { after: kv } : {}),
    });
  }
  return [...changes.values()]
    .filter(({ before, after }) => before !== undefined || after !== undefined)
    .sort((left, right) => (left.key < right.key ? -1 : 1));
}
