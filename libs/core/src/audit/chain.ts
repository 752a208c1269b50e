import { compareBytes, pooledUtf8, utf8 } from "@holdfast/base/bytes";
import { sha256 } from "@holdfast/base/digest";
import { invariant } from "@holdfast/base/invariant";

/**
 * The end of a chain, and all that is needed to go on with it: what the journal keeps beside its
 * checkpoint, and what an archive's manifest says of the objects before.
 */
export interface ChainHead {
  /** The id of the etcd cluster whose history it is; one chain a cluster. */
  readonly cluster: string;
  /** The number of the latest record; 0: there is none yet. */
  readonly sequence: bigint;
  /** The hash of the latest record: 32 bytes. */
  readonly hash: Uint8Array;
}

/** A record in its chain. Its hash covers everything else in it. */
export interface Link extends ChainHead {
  /** The hash of the record before. */
  readonly previous: Uint8Array;
  /** The record as it was produced. Never encoded anew: another encoder may write other bytes. */
  readonly bytes: Uint8Array;
}

/** Length of a hash. */
const hashBytes = 32;
const sequenceMax = 2n ** 63n - 1n;
/** So that no record's hash is that of anything else Holdfast may ever hash, a genesis included. */
const linkDomain = utf8("holdfast audit link 1\0");
const genesisDomain = utf8("holdfast audit genesis 1\0");

/** The head of a chain without a record. It differs from cluster to cluster, as every link does. */
export function genesis(cluster: string): ChainHead {
  const name = utf8(cluster);
  const preimage = new Uint8Array(genesisDomain.length + name.length);
  preimage.set(genesisDomain);
  preimage.set(name, genesisDomain.length);
  return { cluster, sequence: 0n, hash: sha256(preimage) };
}

/** The link that `bytes` become after `head`. It is itself the next head. */
export function append(head: ChainHead, bytes: Uint8Array): Link {
  invariant(head.hash.length === hashBytes, "a head goes on from a whole hash");
  invariant(head.sequence >= 0n && head.sequence < sequenceMax, `sequence ${head.sequence}`);
  const { cluster, hash: previous } = head;
  const sequence = head.sequence + 1n;
  return { cluster, sequence, previous, bytes, hash: linkHash(cluster, sequence, previous, bytes) };
}

/** A head alone, where a link would hold on to its bytes. */
export function headOf({ cluster, sequence, hash }: ChainHead): ChainHead {
  return { cluster, sequence, hash };
}

/** The link's hash is that of its content: nothing of it was changed since it was hashed. */
export function isIntact({ cluster, sequence, previous, bytes, hash }: Link): boolean {
  // Numbers that the encoding cannot hold would wrap round, and two contents would have one hash.
  if (sequence < 1n || sequence > sequenceMax) return false;
  return sameHash(linkHash(cluster, sequence, previous, bytes), hash);
}

/** `link` is the one after `head`, if it is what it says. */
export function follows(head: ChainHead, link: Link): boolean {
  return (
    link.cluster === head.cluster &&
    link.sequence === head.sequence + 1n &&
    sameHash(link.previous, head.hash)
  );
}

/** Two hashes are one. */
export function sameHash(left: Uint8Array, right: Uint8Array): boolean {
  return compareBytes(left, right) === 0;
}

/** Hashed at once, and written over by the next: memory of its own costs as much as the hash. */
let scratch = new Uint8Array(4_096);
let scratchView = new DataView(scratch.buffer);

/**
 * Every part of variable length goes behind its length: else bytes could be moved from one part to
 * the next without a trace in the hash.
 */
function linkHash(
  cluster: string,
  sequence: bigint,
  previous: Uint8Array,
  bytes: Uint8Array,
): Uint8Array {
  const name = pooledUtf8(cluster);
  const domain = linkDomain.length;
  const size = domain + 4 + name.length + 8 + 4 + previous.length + 4 + bytes.length;
  if (size > scratch.length) {
    scratch = new Uint8Array(2 * size);
    scratchView = new DataView(scratch.buffer);
  }
  scratch.set(linkDomain);
  let at = domain;
  const part = (content: Uint8Array): void => {
    scratchView.setUint32(at, content.length);
    scratch.set(content, at + 4);
    at += 4 + content.length;
  };
  part(name);
  scratchView.setBigUint64(at, sequence);
  at += 8;
  part(previous);
  part(bytes);
  return sha256(scratch.subarray(0, size));
}
