/** The bytes are no message of the expected kind. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}

/** Reads protobuf from a buffer, field by field; unknown fields are skipped. */
export class Reader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get length(): number {
    return this.#buffer.length;
  }

  /** The next field's tag, or 0 at `end`: `while ((tag = reader.tag(end)) !== 0)`. */
  tag(end: number): number {
    if (this.#at < end) return this.number();
    if (this.#at > end) throw new MalformedMessage("a field runs past its message");
    return 0;
  }

  /** Enters a nested message and answers where it ends. */
  enter(): number {
    const length = this.number();
    const end = this.#at + length;
    if (end > this.#buffer.length) throw new MalformedMessage("a message runs past the buffer");
    return end;
  }

  /** A copy, so that a kept value does not keep the whole response in memory. */
  bytes(): Uint8Array {
    const end = this.enter();
    const bytes = new Uint8Array(this.#buffer.subarray(this.#at, end));
    this.#at = end;
    return bytes;
  }

  /** One character a byte. */
  text(): string {
    const end = this.enter();
    const text = this.#buffer.toString("latin1", this.#at, end);
    this.#at = end;
    return text;
  }

  /** A varint of at most 32 bits; higher bits are dropped. */
  number(): number {
    const buffer = this.#buffer;
    let byte = buffer[this.#at++] as number;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = buffer[this.#at++] as number;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      else if (shift > 63) throw new MalformedMessage("a number has more than ten bytes");
    }
    return value >>> 0;
  }

  /** An int64 or uint64 as the bits say, without sign. */
  uint64(): bigint {
    const buffer = this.#buffer;
    let byte = 0x80;
    let low = 0;
    let high = 0;
    let shift = 0;
    for (; byte >= 0x80 && shift < 28; shift += 7) {
      byte = buffer[this.#at++] as number;
      low |= (byte & 0x7f) << shift;
    }
    if (byte < 0x80) return BigInt(low);
    for (; byte >= 0x80 && shift < 56; shift += 7) {
      byte = buffer[this.#at++] as number;
      high |= (byte & 0x7f) << (shift - 28);
    }
    if (byte < 0x80 && high < 2 ** 25) return BigInt(low + high * 2 ** 28);
    let value = BigInt(low) | (BigInt(high) << 28n);
    for (; byte >= 0x80; shift += 7) {
      if (shift > 63) throw new MalformedMessage("a number has more than ten bytes");
      byte = buffer[this.#at++] as number;
      value |= BigInt(byte & 0x7f) << BigInt(shift);
    }
    return BigInt.asUintN(64, value);
  }

  /** Passes over the field whose tag was just read. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        while ((this.#buffer[this.#at++] as number) >= 0x80);
        return;
      case 1:
        this.#at += 8;
        return;
      case 2:
        this.#at = this.enter();
        return;
      case 5:
        this.#at += 4;
        return;
      default:
        throw new MalformedMessage(`a field has wire type ${tag & 7}`);
    }
  }
}
