/** Undefined where the bytes are not protobuf: the generated decoders throw there. */
export function decodeMessage<Message>(
  type: { decode(bytes: Uint8Array): Message },
  bytes: Uint8Array,
): Message | undefined {
  try {
    return type.decode(bytes);
  } catch {
    return undefined;
  }
}
