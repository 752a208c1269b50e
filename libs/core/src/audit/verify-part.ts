import { sha256 } from "@holdfast/base/digest";
import { type ArchiveManifest, hasTag, headAt, headBefore, tagOf } from "./archive-manifest.ts";
import { append, type ChainHead, type Link, sameHash } from "./chain.ts";
import type { Damage } from "./chain-damage.ts";
import { ChainVerifier } from "./verify-chain.ts";

/** What became of an object of the archive. */
export type PartState =
  | { readonly kind: "whole" }
  | { readonly kind: "damaged"; readonly damage: Damage }
  /** The records are as they were written; what the manifest says of them one by one is not. */
  | { readonly kind: "manifest-damaged"; readonly message: string };

/**
 * Compares the records of an object with its manifest. They are whole if the chain over them ends
 * with the manifest's last hash, which no other records have.
 */
export function partState(manifest: ArchiveManifest, lines: readonly Uint8Array[]): PartState {
  const steps = partSteps(manifest, lines);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Lines between two steps: some milliseconds' work. */
const stepLines = 1_000;

/** As {@link partState}, with a stop every now and then, for others to get on in. */
export function* partSteps(
  manifest: ArchiveManifest,
  lines: readonly Uint8Array[],
): Generator<undefined, PartState> {
  if (!(yield* isWhole(manifest, lines))) {
    return { kind: "damaged", damage: yield* partDamage(manifest, lines) };
  }
  for (const [place, line] of lines.entries()) {
    if (place % stepLines === stepLines - 1) yield;
    if (hasTag(manifest, manifest.firstSequence + BigInt(place), line)) continue;
    const message = `The manifest of ${manifest.key} was changed: it does not know its records.`;
    return { kind: "manifest-damaged", message };
  }
  return { kind: "whole" };
}

function* isWhole(
  manifest: ArchiveManifest,
  lines: readonly Uint8Array[],
): Generator<undefined, boolean> {
  if (lines.length !== manifest.rows) return false;
  let head = headBefore(manifest);
  for (const [place, line] of lines.entries()) {
    if (place % stepLines === stepLines - 1) yield;
    head = append(head, line);
    if (place === 0 && !sameHash(head.hash, manifest.firstHash)) return false;
  }
  return sameHash(head.hash, manifest.lastHash);
}

/** The first bad record of an object that is not whole. */
function* partDamage(
  manifest: ArchiveManifest,
  lines: readonly Uint8Array[],
): Generator<undefined, Damage> {
  const verifier = new ChainVerifier(headBefore(manifest), [headAt(manifest)]);
  const links = new LinksByTags(manifest);
  for (const [place, line] of lines.entries()) {
    if (place % stepLines === stepLines - 1) yield;
    const link = links.next(line);
    const damage = link === undefined ? addedAtEnd(manifest) : verifier.add(link);
    if (damage !== undefined) return damage;
  }
  return verifier.finish() ?? addedAtEnd(manifest);
}

function addedAtEnd({ cluster, lastSequence }: ArchiveManifest): Damage {
  const first = lastSequence + 1n;
  const message = `Something was inserted behind record ${lastSequence}, the last of cluster ${cluster} in its object.`;
  return { kind: "inserted", cluster, first, last: first, message };
}

/** Stands for a hash that nobody knows: that of a record which is missing, or of a foreign one. */
const unknownHash = sha256(new Uint8Array(0));

/**
 * Makes links of an object's records again, as a ledger has them: whose number each has is told by
 * its tag, and a hash by those of the records before it. Behind a record that is missing the hashes
 * are other ones than they were, but each still follows from the one before.
 */
class LinksByTags {
  readonly #manifest: ArchiveManifest;
  readonly #numbers = new Map<string, bigint>();
  readonly #hashes = new Map<bigint, Uint8Array>();
  #due: bigint;

  constructor(manifest: ArchiveManifest) {
    const { tags, rows, firstSequence, previousHash } = manifest;
    this.#manifest = manifest;
    this.#due = firstSequence;
    this.#hashes.set(firstSequence - 1n, previousHash);
    const width = tags.length / rows;
    for (let place = 0; place < rows; place++) {
      const tag = printed(tags.subarray(place * width, (place + 1) * width));
      this.#numbers.set(tag, firstSequence + BigInt(place));
    }
  }

  /** Undefined for one that is none of them, behind all of them. */
  next(line: Uint8Array): Link | undefined {
    const { lastSequence } = this.#manifest;
    const isDue = hasTag(this.#manifest, this.#due, line);
    const known = isDue ? this.#due : this.#numbers.get(printed(tagOf(line)));
    const sequence = known ?? this.#due;
    if (sequence > lastSequence) return undefined;
    this.#due = sequence + 1n;
    const before = this.#headAt(sequence - 1n);
    if (known === undefined) {
      const { cluster, hash: previous } = before;
      return { cluster, sequence, previous, bytes: line, hash: unknownHash };
    }
    const link = append(before, line);
    if (!this.#hashes.has(sequence)) this.#hashes.set(sequence, link.hash);
    return link;
  }

  #headAt(sequence: bigint): ChainHead {
    const { cluster } = this.#manifest;
    return { cluster, sequence, hash: this.#hashes.get(sequence) ?? unknownHash };
  }
}

function printed(tag: Uint8Array): string {
  return tag.join(".");
}
