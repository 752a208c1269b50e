/**
 * The small transaction language in which every decision is written.
 *
 * It is the part of etcd's transactions that Holdfast uses: compares over keys or ranges, one of
 * two branches, and nested transactions, which is what group commit is made of. Keys are strings
 * of ASCII, one byte a character; `rangeEnd` is exclusive, as in etcd.
 */
export type Compare =
  /** Create revision of the key, or of every key in the range; 0 means "does not exist". */
  | RevisionCompare<"create">
  /** Revision of the last write. */
  | RevisionCompare<"mod">
  /** Exact value. False, whatever the operator, where the key is missing (hazard 5). */
  | {
      readonly target: "value";
      readonly key: string;
      readonly op: CompareOp;
      readonly value: Uint8Array;
    };

/** How the stored side relates to the given one. */
export type CompareOp = "=" | "!=" | "<" | ">";

interface RevisionCompare<Target extends string> {
  readonly target: Target;
  readonly key: string;
  readonly rangeEnd?: string;
  readonly op: CompareOp;
  readonly revision: bigint;
}

/** One step of a branch. */
export type Op =
  | {
      readonly kind: "put";
      readonly key: string;
      readonly value: Uint8Array;
      readonly lease: bigint;
    }
  | { readonly kind: "delete"; readonly key: string; readonly rangeEnd?: string }
  | RangeOp
  | { readonly kind: "txn"; readonly txn: Txn };

/** Reads a key or a range, in key order unless `order` says otherwise. */
export interface RangeOp {
  readonly kind: "range";
  readonly key: string;
  readonly rangeEnd?: string;
  /** At most this many; 0 or absent is all. */
  readonly limit?: number;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
  readonly order?: "key" | "create";
}

/**
 * All compares hold: `success`; else `failure`. Compares see the state before the whole request.
 */
export interface Txn {
  readonly compares: readonly Compare[];
  readonly success: readonly Op[];
  readonly failure: readonly Op[];
}

/** A stored key with its history. */
export interface KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  /** 0 where the key hangs on no lease. */
  readonly lease: bigint;
}

/** What one step answered; in the order of the branch that ran. */
export type OpResult =
  | { readonly kind: "put" }
  | { readonly kind: "delete"; readonly deleted: number }
  | RangeResult
  | { readonly kind: "txn"; readonly result: TxnResult };

/** The keys found, and how many there are in all (also past `limit`). */
export interface RangeResult {
  readonly kind: "range";
  readonly kvs: readonly KeyValue[];
  readonly count: number;
}

/** Which branch ran and what its steps answered. */
export interface TxnResult {
  readonly succeeded: boolean;
  readonly results: readonly OpResult[];
}

/** Holds when no key of the range exists. */
export function rangeEmpty(key: string, rangeEnd: string): Compare {
  return { target: "create", key, rangeEnd, op: "=", revision: 0n };
}

/** Holds when the key does not exist. */
export function absent(key: string): Compare {
  return { target: "create", key, op: "=", revision: 0n };
}

/** Holds when the key was created by exactly that revision. */
export function createdAt(key: string, revision: bigint): Compare {
  return { target: "create", key, op: "=", revision };
}

/** Holds when the key was last written by exactly that revision. */
export function writtenAt(key: string, revision: bigint): Compare {
  return { target: "mod", key, op: "=", revision };
}

/** Holds when the key exists with exactly that value. */
export function valueIs(key: string, value: Uint8Array): Compare {
  return { target: "value", key, op: "=", value };
}
