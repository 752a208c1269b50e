import { TextCache } from "./text-cache.ts";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What {@link WireReader.tag} gives at the end of a message. */
export const endOfMessage = 0;

/**
 * Reads protobuf straight into our own values; the counterpart of {@link WireWriter}.
 *
 * Nothing throws. Bytes that are not protobuf set {@link malformed} and end the message; a string
 * that is not UTF-8 sets {@link badText} and reads as empty. Whoever reads looks at both at the
 * end.
 */
export class WireReader {
  /** The bytes were not protobuf: nothing that was read counts. */
  malformed = false;
  /** The first field whose string was not UTF-8; reset it before each message of its own. */
  badText: string | undefined;

  #bytes: Buffer = Buffer.alloc(0);
  #position = 0;
  /** The end of the innermost message being read. */
  #end = 0;
  readonly #cache = new TextCache();

  /** Begins to read a message. */
  start(bytes: Uint8Array): void {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = 0;
    this.#end = bytes.length;
    this.malformed = false;
    this.badText = undefined;
  }

  /**
   * The next field's tag, or {@link endOfMessage}. A tag is the field's number times 8 plus how its
   * value is laid out: 0 a number, 1 eight bytes, 2 a string or a nested message. A field that
   * comes in another layout than its own thereby has another tag and is unknown, as protobuf wants
   * it.
   */
  tag(): number {
    if (this.#position >= this.#end) return endOfMessage;
    const tag = this.varint();
    if (tag < 8 || tag > 0xffff_ffff) return this.#fail();
    return tag;
  }

  /** There is more of the innermost message. */
  get isInside(): boolean {
    return this.#position < this.#end;
  }

  /** An unsigned number; past 2^53 it is rounded, and past every limit of this API anyway. */
  varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#position++] ?? 0;
    let value = byte & 0x7f;
    let scale = 0x80;
    while (byte >= 0x80) {
      byte = bytes[this.#position++] ?? 0;
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
      // Ten bytes at the most.
      if (scale > 2 ** 70) return this.#fail();
    }
    return this.#position > this.#end ? this.#fail() : value;
  }

  /** An unsigned 64-bit number. */
  uint64(): bigint {
    const bytes = this.#bytes;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[this.#position++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        if (this.#position > this.#end) break;
        scratch.setUint32(0, low >>> 0, true);
        scratch.setUint32(4, high >>> 0, true);
        return scratch.getBigUint64(0, true);
      }
    }
    this.#fail();
    return 0n;
  }

  /** An unsigned 64-bit number of eight bytes. */
  fixed64(): bigint {
    const start = this.#position;
    if (start + 8 > this.#end) {
      this.#fail();
      return 0n;
    }
    for (let index = 0; index < 8; index++)
      scratch.setUint8(index, this.#bytes[start + index] ?? 0);
    this.#position = start + 8;
    return scratch.getBigUint64(0, true);
  }

  /** A string that is likely to come once only. `field` names it where it is not UTF-8. */
  text(field: string): string {
    const start = this.#content();
    return this.#text(field, start, this.#position);
  }

  /** A string that is likely to come again. `field` names it where it is not UTF-8. */
  commonText(field: string): string {
    const start = this.#content();
    const end = this.#position;
    return this.#cache.read(this.#bytes, start, end) ?? this.#text(field, start, end);
  }

  /** Bytes, or a nested message as it is; a view, good until the message's buffer is gone. */
  view(): Buffer {
    const start = this.#content();
    return this.#bytes.subarray(start, this.#position);
  }

  /**
   * Enters a nested message: {@link tag} now ends where it ends. Give the result to {@link leave}.
   */
  enter(): number {
    const start = this.#content();
    const outer = this.#end;
    this.#end = this.#position;
    this.#position = start;
    return outer;
  }

  /** Leaves the nested message entered last. */
  leave(outer: number): void {
    if (this.malformed) return;
    this.#position = this.#end;
    this.#end = outer;
  }

  /** Passes over the field of this tag, for it is unknown. */
  skip(tag: number): void {
    const type = tag & 7;
    if (type === 0) this.varint();
    else if (type === 1) this.#position += 8;
    else if (type === 2) this.#content();
    else if (type === 5) this.#position += 4;
    else this.#fail();
    if (this.#position > this.#end) this.#fail();
  }

  /** Where a length-delimited field's content starts; the position is then at its end. */
  #content(): number {
    const length = this.varint();
    const start = this.#position;
    if (start + length > this.#end) return this.#fail();
    this.#position = start + length;
    return start;
  }

  #text(field: string, start: number, end: number): string {
    for (let index = start; index < end; index++) {
      if ((this.#bytes[index] ?? 0) > 0x7f) return this.#unicode(field, start, end);
    }
    return this.#bytes.toString("latin1", start, end);
  }

  #unicode(field: string, start: number, end: number): string {
    try {
      return strictUtf8.decode(this.#bytes.subarray(start, end));
    } catch {
      this.badText ??= field;
      return "";
    }
  }

  /** Ends every message being read. */
  #fail(): 0 {
    this.malformed = true;
    this.#end = 0;
    this.#position = 0;
    return 0;
  }
}

/** Joins bytes into a 64-bit value without arithmetic on bigints, which allocates. */
const scratch = new DataView(new ArrayBuffer(8));
