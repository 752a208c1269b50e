/** Object ids of the element types: fixed in every Postgres. */
const oid = { bytea: 17, int8: 20, int4: 23, text: 25, date: 1082 } as const;

/** Dimensions, whether there are nulls, type, length and lower bound. */
const headerBytes = 20;
const dayMs = 86_400_000;
/** Postgres counts days from 2000-01-01. */
const epochDay = Date.UTC(2000, 0, 1) / dayMs;

/**
 * One-dimensional arrays in the form that Postgres takes as they are. As text every element would
 * be escaped here and parsed there, and bytes would be twice as long: at a thousand rows a
 * statement that is most of what an insert costs.
 */
function arrayHeader(type: number, length: number, contentBytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(headerBytes + 4 * length + contentBytes);
  buffer.writeInt32BE(1, 0);
  // Whether there is a null the server sees by itself; the flag only has to be 0 or 1.
  buffer.writeInt32BE(1, 4);
  buffer.writeInt32BE(type, 8);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}

/** For `bigint[]`: whole numbers within 64 bits. */
export function int8Array(values: readonly (bigint | undefined)[]): Buffer {
  const present = values.reduce((count, value) => count + Number(value !== undefined), 0);
  const buffer = arrayHeader(oid.int8, values.length, 8 * present);
  let at = headerBytes;
  for (const value of values) {
    at = buffer.writeInt32BE(value === undefined ? -1 : 8, at);
    if (value !== undefined) at = buffer.writeBigInt64BE(value, at);
  }
  return buffer;
}

/** For `int[]`: whole numbers within 32 bits. */
export function int4Array(values: readonly (number | undefined)[]): Buffer {
  return fourBytes(oid.int4, values);
}

/** For `date[]`: days as YYYY-MM-DD. */
export function dateArray(days: readonly string[]): Buffer {
  return fourBytes(
    oid.date,
    days.map((day) => Date.parse(`${day}T00:00:00Z`) / dayMs - epochDay),
  );
}

/** For `bytea[]`. */
export function bytesArray(values: readonly Uint8Array[]): Buffer {
  const total = values.reduce((bytes, value) => bytes + value.length, 0);
  const buffer = arrayHeader(oid.bytea, values.length, total);
  let at = headerBytes;
  for (const value of values) {
    at = buffer.writeInt32BE(value.length, at);
    buffer.set(value, at);
    at += value.length;
  }
  return buffer;
}

/** For `text[]`. */
export function textArray(values: readonly (string | undefined)[]): Buffer {
  const total = values.reduce((bytes, text) => bytes + Buffer.byteLength(text ?? ""), 0);
  const buffer = arrayHeader(oid.text, values.length, total);
  let at = headerBytes;
  for (const text of values) {
    const start = at + 4;
    const length = text === undefined ? 0 : buffer.write(text, start);
    buffer.writeInt32BE(text === undefined ? -1 : length, at);
    at = start + length;
  }
  return buffer;
}

function fourBytes(type: number, values: readonly (number | undefined)[]): Buffer {
  const present = values.reduce<number>((count, value) => count + Number(value !== undefined), 0);
  const buffer = arrayHeader(type, values.length, 4 * present);
  let at = headerBytes;
  for (const value of values) {
    at = buffer.writeInt32BE(value === undefined ? -1 : 4, at);
    if (value !== undefined) at = buffer.writeInt32BE(value, at);
  }
  return buffer;
}
