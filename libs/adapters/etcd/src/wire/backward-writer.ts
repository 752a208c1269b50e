import { invariant } from "@holdfast/base/invariant";

/** A buffer larger than this is not kept, so that one giant does not stay in memory. */
const keptBytesMax = 2 * 1024 * 1024;

/**
 * Writes protobuf from the end to the beginning.
 *
 * A nested message is preceded by its length. Written backwards the length is known when it is due,
 * so a batch of a hundred nested transactions is encoded in one pass, into one buffer.
 */
export class BackwardWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);
  #at = this.#buffer.length;

  /** Starts an empty message. */
  start(): void {
    if (this.#buffer.length > keptBytesMax) this.#buffer = Buffer.allocUnsafeSlow(64 * 1024);
    this.#at = this.#buffer.length;
  }

  /** How much is written; what {@link nested} wants to know from before the content. */
  get written(): number {
    return this.#buffer.length - this.#at;
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.#buffer.subarray(this.#at));
  }

  /** Puts the head of field `tag` before the content written since `written`. */
  nested(tag: number, written: number): void {
    this.number(this.written - written);
    this.number(tag);
  }

  /** A length-delimited field of text, one byte a character. */
  text(tag: number, text: string): void {
    const { length } = text;
    this.#reserve(length);
    this.#at -= length;
    // For keys of this length a loop is cheaper than a call into the runtime.
    const buffer = this.#buffer;
    const at = this.#at;
    buffer.write(text, at, length, "latin1");
    this.number(length);
    this.number(tag);
  }

  bytes(tag: number, bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#at -= bytes.length;
    this.#buffer.set(bytes, this.#at);
    this.number(bytes.length);
    this.number(tag);
  }

  /** A field that holds a small number: an enum, a flag, a limit. */
  small(tag: number, value: number): void {
    this.number(value);
    this.number(tag);
  }

  /** A field that holds a non-negative int64. */
  int64(tag: number, value: bigint): void {
    if (value < 0x8000_0000n) this.number(Number(value));
    else this.#big(value);
    this.number(tag);
  }

  /** A bare varint below 2^31. */
  number(value: number): void {
    this.#reserve(5);
    if (value < 0x80) {
      this.#at -= 1;
      this.#buffer[this.#at] = value;
      return;
    }
    let length = 2;
    for (let rest = value >>> 14; rest > 0; rest >>>= 7) length += 1;
    this.#at -= length;
    let at = this.#at;
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[at] = rest;
  }

  #big(value: bigint): void {
    this.#reserve(10);
    // 28 bits at a time, which are four groups of seven.
    const low = Number(value & 0xfff_ffffn);
    const middle = Number((value >> 28n) & 0xfff_ffffn);
    const high = Number(value >> 56n);
    invariant(high < 0x80, "an int64 of the store is not negative");
    const groups: number[] = [];
    for (const part of [low, middle]) {
      for (let shift = 0; shift < 28; shift += 7) groups.push((part >>> shift) & 0x7f);
    }
    groups.push(high);
    let last = groups.length - 1;
    while (last > 0 && groups[last] === 0) last -= 1;
    this.#at -= last + 1;
    for (let index = 0; index <= last; index++) {
      this.#buffer[this.#at + index] = (groups[index] as number) | (index < last ? 0x80 : 0);
    }
  }

  #reserve(bytes: number): void {
    if (this.#at >= bytes) return;
    const written = this.written;
    const grown = Buffer.allocUnsafeSlow((this.#buffer.length + bytes) * 2);
    this.#buffer.copy(grown, grown.length - written, this.#at);
    this.#buffer = grown;
    this.#at = grown.length - written;
  }
}
