import type { ArchiveLifecycle, StorageClass } from "@holdfast/core/audit/archive-lifecycle";

/**
 * Where the audit's events lie for years: objects in one bucket, as S3 has them.
 *
 * Contract (test/contract proves it for every implementation):
 * - An object is bytes under a key, and is never changed: {@link put} writes only where nothing is.
 *   Where something is, `exists` says nothing about what: read it.
 * - An object that was put is refused to whoever would delete it until its retention is over, and
 *   what is put over it past this port leaves it there as an older version.
 * - A store takes an object only with the bytes that its SHA-256 is of. Whoever must be sure reads
 *   it back and compares: a store that lies is not known by its answers.
 * - Only objects below {@link linesPrefix} are moved to colder storage; from there they are read
 *   only once they were restored, and `frozen` until then.
 * - No promise is rejected but for a bug, and each resolves in bounded time.
 * - Every call may be repeated.
 */
export interface Archive {
  /** Its bucket's name. */
  readonly bucket: string;
  /** At most {@link objectBytesMax}. */
  put(object: NewObject): Promise<PutReply>;
  /** The latest version. */
  get(key: string): Promise<GetReply>;
  /** What is known of an object without reading it, also of one that is frozen. */
  head(key: string): Promise<HeadReply>;
  /**
   * Makes the bucket, with versions, Object Lock and lifecycle, or brings one that is there to the
   * same settings; what else it is set to stays. It has no retention of its own from here: that
   * would lock as well what a stranger puts over an object.
   */
  ensureBucket(settings: BucketSettings): Promise<EnsureReply>;
}

/** The longest object, in bytes. */
export const objectBytesMax = 64 * 1024 * 1024;
/** The longest key, in bytes of UTF-8. */
export const keyBytesMax = 1_024;

/** An object to be put. */
export interface NewObject {
  /** 1 to {@link keyBytesMax} bytes. */
  readonly key: string;
  readonly bytes: Uint8Array;
  /** Of `bytes`: 32 bytes. */
  readonly sha256: Uint8Array;
  /** Milliseconds since 1970; nobody deletes it before. */
  readonly retainUntilMs: number;
  readonly contentType: string;
}

/** What became of a {@link NewObject}. */
export type PutReply =
  | { readonly kind: "stored" }
  /** Nothing was written; also after a `put` whose answer was lost. */
  | { readonly kind: "exists" }
  | ArchiveNotDone;

/** An object, or why it was not read. */
export type GetReply =
  | { readonly kind: "found"; readonly bytes: Uint8Array }
  | { readonly kind: "missing" }
  /** It must be restored first, which takes hours. */
  | { readonly kind: "frozen"; readonly storageClass: StorageClass; readonly isRestoring: boolean }
  | ArchiveNotDone;

/** What is known of an object. */
export type HeadReply =
  | {
      readonly kind: "there";
      readonly bytes: number;
      readonly storageClass: StorageClass;
      /** It can be read: nothing freezes it, or it was restored. */
      readonly isReadable: boolean;
      /** Milliseconds since 1970; absent where nothing keeps anybody from deleting it. */
      readonly retainUntilMs?: number;
    }
  | { readonly kind: "missing" }
  | ArchiveNotDone;

/** How the bucket is to be. */
export interface BucketSettings {
  readonly lifecycle: ArchiveLifecycle;
}

/**
 * The bucket is as it is to be, but for what `warnings` say: one sentence for each setting that
 * this store does not know.
 */
export type EnsureReply =
  | {
      readonly kind: "ready";
      readonly wasMade: boolean;
      readonly warnings: readonly string[];
    }
  | ArchiveNotDone;

/** Certainly not done, and not to be repeated as it is. */
export interface ArchiveRefusal {
  readonly kind: "refused";
  readonly reason: ArchiveRefusalReason;
  readonly message: string;
}

/**
 * `invalid`: it breaks a limit of this contract, or the store does not take it. `checksum`: what
 * came to the store, or from it, are not the bytes that were sent. `denied`: credentials or rights.
 * `no-bucket`: make it, or name the right one.
 */
export type ArchiveRefusalReason = "invalid" | "checksum" | "denied" | "no-bucket";

/** Why a call did nothing that one may rely on. */
export type ArchiveNotDone =
  | ArchiveRefusal
  /** Certainly not done: the store was not reached, or said that it is busy. */
  | { readonly kind: "unavailable"; readonly message: string }
  /** May have been done, or may still be. */
  | { readonly kind: "unknown"; readonly message: string };
