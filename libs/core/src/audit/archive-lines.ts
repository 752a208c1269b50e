import { compareBytes, utf8 } from "@holdfast/base/bytes";

const newline = 0x0a;
/** How a line begins that stands for bytes which cannot be a line themselves. */
const wrapping = utf8('{"base64":"');
const unwrapping = utf8('"}');

/**
 * One record of the chain as one line of an object, its end included: the very bytes that were
 * chained. Bytes with a line end in them, which no event has, are wrapped.
 */
export function encodeLine(bytes: Uint8Array): Uint8Array {
  const line = mustBeWrapped(bytes)
    ? utf8(`{"base64":"${Buffer.from(bytes).toString("base64")}"}`)
    : bytes;
  const ended = new Uint8Array(line.length + 1);
  ended.set(line);
  ended[line.length] = newline;
  return ended;
}

/** The records in an object's content; undefined where it does not end with the end of a line. */
export function decodeLines(content: Uint8Array): Uint8Array[] | undefined {
  if (content.length > 0 && content.at(-1) !== newline) return undefined;
  const lines: Uint8Array[] = [];
  let start = 0;
  while (start < content.length) {
    const end = content.indexOf(newline, start);
    lines.push(unwrapped(content.subarray(start, end)));
    start = end + 1;
  }
  return lines;
}

function mustBeWrapped(bytes: Uint8Array): boolean {
  return bytes.includes(newline) || isWrapped(bytes);
}

function isWrapped(line: Uint8Array): boolean {
  return compareBytes(line.subarray(0, wrapping.length), wrapping) === 0;
}

function unwrapped(line: Uint8Array): Uint8Array {
  const end = line.length - unwrapping.length;
  if (!isWrapped(line) || compareBytes(line.subarray(end), unwrapping) !== 0) return line;
  const text = Buffer.from(line.subarray(wrapping.length, end)).toString("latin1");
  return new Uint8Array(Buffer.from(text, "base64"));
}
