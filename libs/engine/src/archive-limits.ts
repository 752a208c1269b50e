import { compareBytes, utf8 } from "@holdfast/base/bytes";
import { sha256 } from "@holdfast/base/digest";
import {
  type ArchiveRefusal,
  type BucketSettings,
  keyBytesMax,
  type NewObject,
  objectBytesMax,
} from "./ports/archive.ts";

/** What is wrong with an object by the port's contract; undefined: nothing. */
export function objectProblem({
  key,
  bytes,
  sha256: digest,
}: NewObject): ArchiveRefusal | undefined {
  const keyBytes = utf8(key).length;
  if (keyBytes < 1 || keyBytes > keyBytesMax) return refused(`a key of ${keyBytes} bytes`);
  if (bytes.length > objectBytesMax) return refused(`an object of ${bytes.length} bytes`);
  if (compareBytes(sha256(bytes), digest) === 0) return undefined;
  const message = `the bytes for ${key} are not those of their checksum`;
  return { kind: "refused", reason: "checksum", message };
}

/** What is wrong with a bucket's settings; undefined: nothing. */
export function settingsProblem({
  lifecycle: { glacierDays, deepArchiveDays },
}: BucketSettings): ArchiveRefusal | undefined {
  const isRising = isDays(glacierDays) && isDays(deepArchiveDays) && glacierDays < deepArchiveDays;
  return isRising
    ? undefined
    : refused(`a lifecycle of ${glacierDays} and ${deepArchiveDays} days`);
}

/** A century: more is a slip of the pen, and nobody could take it back. */
const daysMax = 36_500;

function isDays(days: number): boolean {
  return Number.isInteger(days) && days >= 1 && days <= daysMax;
}

function refused(message: string): ArchiveRefusal {
  return { kind: "refused", reason: "invalid", message };
}
