import { compareBytes, utf8 } from "@holdfast/base/bytes";
import type { LockId } from "@holdfast/core/lock/lock-id";

/** Something the safety checker found: a promise about a lock that its events break. */
export interface Violation {
  /** 1 to 256 characters; the same finding has the same one whenever the events are replayed. */
  readonly id: string;
  /** Which promise: 1 to 64 characters. */
  readonly rule: string;
  readonly lock?: LockId;
  /** Time of the event that shows it, in milliseconds since 1970. */
  readonly atMs: number;
  /** When the checker saw it. */
  readonly foundAtMs: number;
  /** For people: at most 4,096 bytes of UTF-8. */
  readonly message: string;
  /** The events that contradict each other, at most 16. */
  readonly events: readonly EventReference[];
}

/** Where an event stands, on whatever day. */
export interface EventReference {
  readonly cluster: string;
  readonly revision: bigint;
  readonly index: number;
}

/** A record of the event log that is no row and must not be lost: somebody is to look at it. */
export interface ParkedRecord {
  /** 1 to 256 characters; the same record has the same one whenever it is read again. */
  readonly id: string;
  /** 1 to 256 characters; partition 0 to 2^31 - 1, offset 0 to 2^63 - 1. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Why: 1 to 64 characters. */
  readonly reason: string;
  /** For people: at most 4,096 bytes of UTF-8. */
  readonly message: string;
  /** When it was first parked, in milliseconds since 1970. */
  readonly parkedAtMs: number;
  /** The record as it lay there: key, value and headers as JSON have {@link parkedBytesMax}. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Most bytes of a parked record. */
export const parkedBytesMax = 8 * 1024 * 1024;
/** Most records that are parked at once, or told at once: they may be large. */
export const parkedRowsMax = 100;

/** What a parked record counts of {@link parkedBytesMax}. */
export function parkedBytes({ key, value, headers }: ParkedRecord): number {
  return key.length + value.length + utf8(JSON.stringify(headers)).length;
}

/** One object of the archive: some rows of one cluster and one day, in the order of the chain. */
export interface ArchivedPart {
  readonly day: string;
  readonly cluster: string;
  /** 0 for what the day held when it was first archived; then one for each later lot. */
  readonly part: number;
  readonly bucket: string;
  /** The object's name in its bucket: bucket and key have 1 to 1,024 bytes of UTF-8. */
  readonly key: string;
  /** Of the object as it lies there, compressed. */
  readonly bytes: number;
  /** SHA-256 of the object: 32 bytes, as the hashes of its first and last row. */
  readonly sha256: Uint8Array;
  readonly rows: number;
  readonly firstSequence: bigint;
  readonly firstHash: Uint8Array;
  readonly lastSequence: bigint;
  readonly lastHash: Uint8Array;
  /** Milliseconds since 1970. */
  readonly archivedAtMs: number;
}

/** Both say the same of the same object; when it was archived does not count. */
export function isSamePart(left: ArchivedPart, right: ArchivedPart): boolean {
  return (
    left.bucket === right.bucket &&
    left.key === right.key &&
    left.bytes === right.bytes &&
    left.rows === right.rows &&
    left.firstSequence === right.firstSequence &&
    left.lastSequence === right.lastSequence &&
    compareBytes(left.sha256, right.sha256) === 0 &&
    compareBytes(left.firstHash, right.firstHash) === 0 &&
    compareBytes(left.lastHash, right.lastHash) === 0
  );
}
