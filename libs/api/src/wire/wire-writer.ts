/** Wire types of protobuf, as far as this API uses them. */
const varintType = 0;
const fixed64Type = 1;
const bytesType = 2;

/** The longest string written by the loop; past it the platform's encoder is faster. */
const loopLengthMax = 48;

/** How a nested message of under 128 bytes, or of up to 16 KiB, is expected to be. */
export type Size = "small" | "large";

/**
 * Writes protobuf straight from our own values, with no generated object between: one model of a
 * command instead of two, and no second pass over it. Zero values are left out by the callers, as
 * proto3 wants.
 */
export class WireWriter {
  #buffer: Buffer;
  #position = 0;

  /** `initialBytes`: grows by doubling. */
  constructor(initialBytes = 4096) {
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** Bytes written since the last {@link take}. */
  get length(): number {
    return this.#position;
  }

  /** A copy of what was written; the writer begins anew. */
  take(): Buffer {
    const taken = Buffer.copyBytesFrom(this.#buffer, 0, this.#position);
    this.#position = 0;
    return taken;
  }

  /** Forgets what was written after `length`. */
  cutTo(length: number): void {
    this.#position = length;
  }

  /** `field` 1 to 15, `value` a whole number from 0 to 2^53 - 1. */
  number(field: number, value: number): void {
    this.#ensure(12);
    this.#buffer[this.#position++] = (field << 3) | varintType;
    this.#varint(value);
  }

  /** `field` 1 to 15, `value` from 0 to 2^64 - 1. */
  uint64(field: number, value: bigint): void {
    this.#ensure(12);
    this.#buffer[this.#position++] = (field << 3) | varintType;
    scratch.setBigUint64(0, value, true);
    const high = scratch.getUint32(4, true);
    let low = scratch.getUint32(0, true);
    if (high < 1 << 21) {
      this.#varint(high * 2 ** 32 + low);
      return;
    }
    let rest = high;
    // Seven bits at a time; the upper word's lowest bits move into the lower one.
    while (rest > 0) {
      this.#buffer[this.#position++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (rest << 25)) >>> 0;
      rest >>>= 7;
    }
    this.#varint(low);
  }

  /** `field` 1 to 15, `value` from 0 to 2^64 - 1; always eight bytes. */
  fixed64(field: number, value: bigint): void {
    this.#ensure(9);
    this.#buffer[this.#position++] = (field << 3) | fixed64Type;
    scratch.setBigUint64(0, value, true);
    for (let index = 0; index < 8; index++) {
      this.#buffer[this.#position++] = scratch.getUint8(index);
    }
  }

  /** `field` 1 to 15. A lone surrogate becomes U+FFFD, so callers check for them first. */
  text(field: number, value: string): void {
    const length = value.length;
    this.#ensure(length * 3 + 6);
    const buffer = this.#buffer;
    buffer[this.#position++] = (field << 3) | bytesType;
    if (length > loopLengthMax) {
      this.#longText(value);
      return;
    }
    const start = this.#position;
    let position = start;
    buffer[position++] = length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) {
        this.#longText(value);
        return;
      }
      buffer[position++] = code;
    }
    this.#position = position;
  }

  /** `field` 1 to 15. */
  bytes(field: number, value: Uint8Array): void {
    this.#ensure(value.length + 6);
    this.#buffer[this.#position++] = (field << 3) | bytesType;
    this.#varint(value.length);
    this.#buffer.set(value, this.#position);
    this.#position += value.length;
  }

  /**
   * Begins a nested message; what is written until {@link end} is its content. Give that the mark.
   */
  begin(field: number, size: Size): number {
    this.#ensure(4);
    this.#buffer[this.#position++] = (field << 3) | bytesType;
    const mark = this.#position;
    this.#position += size === "small" ? 1 : 2;
    return mark;
  }

  /** Ends the nested message begun with the same `size`. */
  end(mark: number, size: Size): void {
    const reserved = size === "small" ? 1 : 2;
    const content = mark + reserved;
    const length = this.#position - content;
    const needed = length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : 4;
    if (needed !== reserved) {
      this.#ensure(needed);
      this.#buffer.copyWithin(mark + needed, content, this.#position);
    }
    this.#position = mark;
    this.#varint(length);
    this.#position += length;
  }

  /** The caller has made room. */
  #varint(value: number): void {
    const buffer = this.#buffer;
    let rest = value;
    while (rest >= 2 ** 31) {
      buffer[this.#position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      buffer[this.#position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[this.#position++] = rest;
  }

  #longText(value: string): void {
    const length = Buffer.byteLength(value, "utf8");
    this.#varint(length);
    this.#position += this.#buffer.write(value, this.#position, "utf8");
  }

  #ensure(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed <= this.#buffer.length) return;
    let size = this.#buffer.length;
    while (size < needed) size *= 2;
    const larger = Buffer.allocUnsafeSlow(size);
    this.#buffer.copy(larger, 0, 0, this.#position);
    this.#buffer = larger;
  }
}

/** Splits a 64-bit value into bytes without arithmetic on bigints, which allocates. */
const scratch = new DataView(new ArrayBuffer(8));
