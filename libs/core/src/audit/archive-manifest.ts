import { utf8, utf8Text } from "@holdfast/base/bytes";
import { sha256 } from "@holdfast/base/digest";
import type { ChainHead } from "./chain.ts";

/** The form below. Whatever changes what a manifest says raises it. */
const format = 1;
const hashBytes = 32;
/** A third of a record's size in the archive would be its hash; so much of it names the first. */
const tagBytes = 4;

/**
 * What one object of the archive holds: consecutive records of one cluster's chain, all of one day.
 * The object has the records' bytes alone; their hashes follow from them and from `previousHash`.
 */
export interface ArchiveManifest {
  readonly day: string;
  readonly cluster: string;
  readonly part: number;
  /** As many as the sequences from `first` to `last`. */
  readonly rows: number;
  readonly firstSequence: bigint;
  readonly lastSequence: bigint;
  /** Of the record before the first one: 32 bytes, as all hashes. */
  readonly previousHash: Uint8Array;
  readonly firstHash: Uint8Array;
  readonly lastHash: Uint8Array;
  /** The object's name in its bucket. */
  readonly key: string;
  /** Of the object as it lies there. */
  readonly bytes: number;
  readonly sha256: Uint8Array;
  /** Of its lines before they were compressed. */
  readonly lineBytes: number;
  /**
   * The first four bytes of the SHA-256 of each record, one behind the other. That an object is
   * whole is proven by the chain up to `lastHash`; where it is not, these say which record is the
   * first bad one, and what happened to it.
   */
  readonly tags: Uint8Array;
}

/** See {@link ArchiveManifest.tags}. */
export function tagOf(bytes: Uint8Array): Uint8Array {
  return sha256(bytes).slice(0, tagBytes);
}

/** Whether `bytes` are, as far as the manifest knows, the record of that number. */
export function hasTag(
  { tags, firstSequence }: Pick<ArchiveManifest, "tags" | "firstSequence">,
  sequence: bigint,
  bytes: Uint8Array,
): boolean {
  const at = Number(sequence - firstSequence) * tagBytes;
  if (at < 0 || at + tagBytes > tags.length) return false;
  return tagOf(bytes).every((byte, place) => tags[at + place] === byte);
}

/** The head that the first record follows. */
export function headBefore({ cluster, firstSequence, previousHash }: ArchiveManifest): ChainHead {
  return { cluster, sequence: firstSequence - 1n, hash: previousHash };
}

/** The head that the last record is. */
export function headAt({ cluster, lastSequence, lastHash }: ArchiveManifest): ChainHead {
  return { cluster, sequence: lastSequence, hash: lastHash };
}

/** JSON in one order; numbers that JSON's readers lose digits of are text, hashes hexadecimal. */
export function encodeManifest(manifest: ArchiveManifest): Uint8Array {
  const { tags, sha256: digest, firstSequence, lastSequence, ...rest } = manifest;
  const { previousHash, firstHash, lastHash, key, bytes, lineBytes, ...place } = rest;
  const fields = {
    format,
    ...{ day: place.day, cluster: place.cluster, part: place.part, rows: place.rows },
    ...{ firstSequence: firstSequence.toString(), lastSequence: lastSequence.toString() },
    ...{ previousHash: hex(previousHash), firstHash: hex(firstHash), lastHash: hex(lastHash) },
    ...{ key, bytes, sha256: hex(digest), lineBytes },
    tags: Buffer.from(tags).toString("base64"),
  };
  return utf8(`${JSON.stringify(fields)}\n`);
}

/** Undefined where it is not what {@link encodeManifest} writes. */
export function decodeManifest(content: Uint8Array): ArchiveManifest | undefined {
  const fields = parse(utf8Text(content));
  if (fields === undefined || fields.format !== format) return undefined;
  const text = (name: string): string => (typeof fields[name] === "string" ? fields[name] : "");
  const whole = (name: string): number =>
    Number.isSafeInteger(fields[name]) ? Number(fields[name]) : -1;
  const big = (name: string): bigint => (/^\d{1,19}$/.test(text(name)) ? BigInt(text(name)) : -1n);
  const hash = (name: string): Uint8Array => new Uint8Array(Buffer.from(text(name), "hex"));
  const manifest: ArchiveManifest = {
    ...{ day: text("day"), cluster: text("cluster"), part: whole("part"), rows: whole("rows") },
    ...{ firstSequence: big("firstSequence"), lastSequence: big("lastSequence") },
    previousHash: hash("previousHash"),
    ...{ firstHash: hash("firstHash"), lastHash: hash("lastHash") },
    ...{ key: text("key"), bytes: whole("bytes"), sha256: hash("sha256") },
    lineBytes: whole("lineBytes"),
    tags: new Uint8Array(Buffer.from(text("tags"), "base64")),
  };
  return isSound(manifest) ? manifest : undefined;
}

function isSound(manifest: ArchiveManifest): boolean {
  const { firstSequence, lastSequence, rows, part, bytes, lineBytes, tags, key } = manifest;
  const { previousHash, firstHash, lastHash, sha256: digest } = manifest;
  return (
    firstSequence >= 1n &&
    rows >= 1 &&
    lastSequence - firstSequence + 1n === BigInt(rows) &&
    [part, bytes, lineBytes].every((count) => count >= 0) &&
    [previousHash, firstHash, lastHash, digest].every(({ length }) => length === hashBytes) &&
    tags.length === rows * tagBytes &&
    key !== ""
  );
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const parsed = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
