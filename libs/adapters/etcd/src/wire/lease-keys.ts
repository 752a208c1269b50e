import { BackwardWriter } from "./backward-writer.ts";
import { Reader } from "./reader.ts";
import { type Header, noHeader, readHeader } from "./response.ts";
import { tags } from "./tags.ts";

const writer = new BackwardWriter();

/** What is left of a lease, and what hangs on it. */
export interface LeaseKeys {
  /** Whole seconds, rounded down; -1 for a lease that has ended. */
  readonly remainingS: number;
  /** In order. */
  readonly keys: string[];
}

/** Encodes a LeaseTimeToLiveRequest that asks for the keys. */
export function encodeLeaseKeys(lease: bigint): Buffer {
  writer.start();
  writer.small(tags.timeToLiveRequest.keys, 1);
  writer.int64(tags.timeToLiveRequest.id, lease);
  return writer.finish();
}

/** Decodes a LeaseTimeToLiveResponse. */
export function decodeLeaseKeys(buffer: Buffer): Header & LeaseKeys {
  const reader = new Reader(buffer);
  let header = noHeader;
  let leftS = 0;
  let grantedS = 0;
  const keys: string[] = [];
  for (let tag = reader.tag(reader.length); tag !== 0; tag = reader.tag(reader.length)) {
    if (tag === tags.timeToLiveResponse.keys) keys.push(reader.text());
    else if (tag === tags.timeToLiveResponse.ttl) leftS = signed(reader.uint64());
    else if (tag === tags.timeToLiveResponse.grantedTtl) grantedS = signed(reader.uint64());
    else if (tag === tags.timeToLiveResponse.header) header = readHeader(reader);
    else reader.skip(tag);
  }
  // A lease that is over but not ended yet may count below zero; only one without a granted ttl has
  // ended.
  return { ...header, remainingS: grantedS === 0 ? -1 : Math.max(0, leftS), keys: keys.sort() };
}

function signed(bits: bigint): number {
  return Number(BigInt.asIntN(64, bits));
}
