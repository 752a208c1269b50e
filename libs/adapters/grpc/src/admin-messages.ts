/** A number that the wire has as a whole one of 64 bits. */
export function whole(number: number): bigint {
  return BigInt(Math.max(0, Math.floor(number)));
}

/** Undefined where the bytes are not protobuf. */
export function decoded<Message>(
  type: { decode(bytes: Uint8Array): Message },
  bytes: Uint8Array,
): Message | undefined {
  try {
    return type.decode(bytes);
  } catch {
    return undefined;
  }
}
