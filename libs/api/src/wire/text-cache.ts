/** Strings longer than this are not worth comparing. */
const lengthMax = 64;

/** A power of two. */
const slots = 256;

/**
 * Recognises strings that come again and again (regions, namespaces, sessions, owners) by their
 * bytes, so that they are neither decoded nor kept twice: comparing costs a third of decoding, and
 * ten thousand waiters of one namespace share one string.
 *
 * One entry a slot and nothing to evict: a bound of 256 strings of 64 bytes.
 */
export class TextCache {
  readonly #entries: string[] = new Array(slots).fill("");

  /** The ASCII string in `bytes` from `start` to `end`, or undefined where it has another byte. */
  read(bytes: Buffer, start: number, end: number): string | undefined {
    const length = end - start;
    if (length === 0) return "";
    if (length > lengthMax) return undefined;
    const first = bytes[start] ?? 0;
    const middle = bytes[start + (length >> 1)] ?? 0;
    const last = bytes[end - 1] ?? 0;
    const slot = (first * 7 + middle * 31 + last * 3 + length * 13) & (slots - 1);
    const known = this.#entries[slot] ?? "";
    if (known.length === length && sameText(known, bytes, start)) return known;
    for (let index = start; index < end; index++) {
      if ((bytes[index] ?? 0) > 0x7f) return undefined;
    }
    const text = bytes.toString("latin1", start, end);
    this.#entries[slot] = text;
    return text;
  }
}

function sameText(text: string, bytes: Buffer, start: number): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}
