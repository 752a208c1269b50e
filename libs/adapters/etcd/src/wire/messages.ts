/** A flag (0: not compressed) and the length, before every message of a gRPC stream. */
const prefixBytes = 5;

/** The messages as they follow one another in a gRPC stream. */
export function writeMessages(messages: readonly Buffer[]): Buffer {
  let length = 0;
  for (const message of messages) length += prefixBytes + message.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const message of messages) {
    bytes[at] = 0;
    bytes.writeUInt32BE(message.length, at + 1);
    bytes.set(message, at + prefixBytes);
    at += prefixBytes + message.length;
  }
  return bytes;
}

/** Cuts what comes from a gRPC stream into its messages, wherever the pieces of it end. */
export class MessageReader {
  readonly #bytesMax: number;
  /** What began in an earlier piece. */
  #begun: Buffer | undefined;
  #malformed = false;

  /** `bytesMax`: the length of a message past which it is not waited for. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Nothing more can be read: a message was compressed or too long. */
  get malformed(): boolean {
    return this.#malformed;
  }

  /** The messages that this piece completes; they share its memory. */
  read(piece: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    if (this.#malformed) return messages;
    const bytes = this.#begun === undefined ? piece : Buffer.concat([this.#begun, piece]);
    this.#begun = undefined;
    let at = 0;
    while (at + prefixBytes <= bytes.length) {
      const length = bytes.readUInt32BE(at + 1);
      if (bytes[at] !== 0 || length > this.#bytesMax) {
        this.#malformed = true;
        return messages;
      }
      const end = at + prefixBytes + length;
      if (end > bytes.length) break;
      messages.push(bytes.subarray(at + prefixBytes, end));
      at = end;
    }
    if (at < bytes.length) this.#begun = bytes.subarray(at);
    return messages;
  }
}
