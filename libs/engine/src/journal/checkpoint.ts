import { utf8, utf8Text } from "@holdfast/base/bytes";
import { type ChainHead, genesis } from "@holdfast/core/audit/chain";
import { type Bookmark, firstPage } from "@holdfast/core/audit/history";

/** A place in a shard's history, and all that is needed to go on reading behind it. */
export interface HistoryPosition {
  /** The last revision that was read. */
  readonly revision: bigint;
  /** The last record of all that was read. */
  readonly head: ChainHead;
  readonly bookmark: Bookmark;
}

/** How far it was told what stands in a shard after a gap. */
export interface GapProgress {
  readonly missingFrom: bigint;
  readonly missingTo: bigint;
  /** Of all keys up to this one it was told; empty before the first. */
  readonly after: string;
  /** Of the next event; 0: the gap itself has yet to be told. */
  readonly index: number;
}

/**
 * What a journal leaves for the next one, in the shard itself.
 *
 * It is written ahead: no record is appended to the log before a checkpoint says how far records
 * may have been appended. So whoever takes over a shard whose history is gone knows which numbers
 * of the chain may be taken, and goes on behind them; a chain never forks.
 */
export interface Checkpoint {
  /** All up to there is in the log. */
  readonly done: HistoryPosition;
  /** Nothing behind it was ever given to the log; never before `done`. */
  readonly intended: { readonly revision: bigint; readonly head: ChainHead };
  /**
   * What stands in the shard at `missingTo` is being told. `done` has the bookmark of that revision
   * then, the head of the last record told, and still the revision from before the gap.
   */
  readonly gap?: GapProgress;
}

/** Before anything was read. */
export function firstCheckpoint(cluster: string): Checkpoint {
  const head = genesis(cluster);
  const done = { revision: 0n, head, bookmark: firstPage };
  return { done, intended: { revision: 0n, head } };
}

const version = 1;
const hashBytes = 32;

/** The stored form: JSON, so that an operator can read it. */
export function encodeCheckpoint({ done, intended, gap }: Checkpoint): Uint8Array {
  const { revision, head, bookmark } = done;
  const stored: StoredCheckpoint = {
    v: version,
    cluster: head.cluster,
    revision: revision.toString(),
    ...storedHead(head),
    markMs: bookmark.markMs,
    closing: [...bookmark.closing],
    intended: { revision: intended.revision.toString(), ...storedHead(intended.head) },
    ...(gap === undefined
      ? {}
      : { gap: { ...gap, missingFrom: `${gap.missingFrom}`, missingTo: `${gap.missingTo}` } }),
  };
  return utf8(JSON.stringify(stored));
}

/** Undefined where it is not what this version writes. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint | undefined {
  const stored = parse(utf8Text(bytes));
  if (stored?.v !== version) return undefined;
  const { cluster, markMs, closing, intended, gap } = stored;
  if (!Array.isArray(closing) || !Number.isSafeInteger(markMs)) return undefined;
  try {
    return {
      done: {
        revision: BigInt(stored.revision),
        head: readHead(cluster, stored),
        bookmark: { markMs, closing: new Set(closing) },
      },
      intended: { revision: BigInt(intended.revision), head: readHead(cluster, intended) },
      ...(gap === undefined ? {} : { gap: readGap(gap) }),
    };
  } catch {
    return undefined;
  }
}

interface StoredHead {
  readonly sequence: string;
  /** Base64url. */
  readonly hash: string;
}

interface StoredCheckpoint extends StoredHead {
  readonly v: number;
  readonly cluster: string;
  readonly revision: string;
  readonly markMs: number;
  readonly closing: readonly string[];
  readonly intended: StoredHead & { readonly revision: string };
  readonly gap?: StoredGap;
}

type StoredGap = Pick<GapProgress, "after" | "index"> & {
  readonly missingFrom: string;
  readonly missingTo: string;
};

function storedHead({ sequence, hash }: ChainHead): StoredHead {
  return { sequence: sequence.toString(), hash: Buffer.from(hash).toString("base64url") };
}

function readHead(cluster: string, { sequence, hash }: StoredHead): ChainHead {
  const bytes = new Uint8Array(Buffer.from(hash, "base64url"));
  if (bytes.length !== hashBytes) throw new Error("a hash has 32 bytes");
  return { cluster, sequence: BigInt(sequence), hash: bytes };
}

function readGap({ missingFrom, missingTo, after, index }: StoredGap): GapProgress {
  return { missingFrom: BigInt(missingFrom), missingTo: BigInt(missingTo), after, index };
}

function parse(text: string): StoredCheckpoint | undefined {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}
