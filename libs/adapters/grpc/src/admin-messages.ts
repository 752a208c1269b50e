/** A number that the wire has as a whole one of 64 bits. */
export function whole(number: number): bigint {
  return BigInt(Math.max(0, Math.floor(number)));
}
