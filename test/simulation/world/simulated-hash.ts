import type { Hash64 } from "@holdfast/core/placement/slot";

const offset = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;
const hashes = new Map<string, bigint>();

/**
 * FNV-1a with 64 bits, remembered: where locks lie matters not here, only that it is repeatable.
 */
export const simulatedHash: Hash64 = (text) => {
  let hash = hashes.get(text);
  if (hash === undefined) {
    hash = offset;
    for (let index = 0; index < text.length; index++) {
      hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(index))) * prime);
    }
    hashes.set(text, hash);
  }
  return hash;
};
