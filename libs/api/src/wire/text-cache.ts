/** Longer strings are not worth comparing. */
const lengthMax = 64;

/** A power of two. */
const slots = 256;

const nothing = { bytes: new Uint8Array(0), text: "" };

/**
 * Recognises strings that come again and again (regions, namespaces, sessions, owners) by their
 * bytes, so that they are neither decoded nor kept twice: comparing costs a third of decoding, and
 * ten thousand waiters of one namespace share one string.
 *
 * One entry a slot, the newest: it never holds more than 256 strings of 64 bytes.
 */
export class TextCache {
  readonly #entries: { readonly bytes: Uint8Array; readonly text: string }[] = new Array(
    slots,
  ).fill(nothing);

  /**
   * The ASCII string in `bytes` from `start` to `end`; undefined for any other, and for long ones.
   */
  read(bytes: Buffer, start: number, end: number): string | undefined {
    const length = end - start;
    if (length === 0) return "";
    if (length > lengthMax) return undefined;
    const first = bytes[start] ?? 0;
    const middle = bytes[start + (length >> 1)] ?? 0;
    const last = bytes[end - 1] ?? 0;
    const slot = (first * 7 + middle * 31 + last * 3 + length * 13) & (slots - 1);
    const entry = this.#entries[slot] ?? nothing;
    if (entry.bytes.length === length) {
      let index = 0;
      while (index < length && entry.bytes[index] === bytes[start + index]) index++;
      if (index === length) return entry.text;
    }
    // Byte by byte: faster for so few than any call, and nothing of the message is kept alive.
    const copy = new Uint8Array(length);
    for (let index = 0; index < length; index++) {
      const byte = bytes[start + index] ?? 0;
      if (byte > 0x7f) return undefined;
      copy[index] = byte;
    }
    const text = bytes.toString("latin1", start, end);
    this.#entries[slot] = { bytes: copy, text };
    return text;
  }
}
