/** Object ids of the element types: fixed in every Postgres. */
const oid = { bytea: 17, int8: 20, int4: 23, text: 25, date: 1082 } as const;

/** Dimensions, whether there are nulls, type, length and lower bound. */
const headerBytes = 20;
const dayMs = 86_400_000;
/** Postgres counts days from 2000-01-01. */
const epochDay = Date.UTC(2000, 0, 1) / dayMs;

/**
 * A one-dimensional array in the form that Postgres takes as it is. As text every element would be
 * escaped here and parsed there, and bytes would be twice as long: at a thousand rows a statement
 * that is most of what an insert costs. Numbers go through a view, for a buffer's own methods cost
 * ten times as much.
 */
class ArrayWriter {
  readonly buffer: Buffer;
  readonly #view: DataView;
  #at = headerBytes;

  constructor(type: number, length: number, contentBytes: number) {
    this.buffer = Buffer.allocUnsafe(headerBytes + 4 * length + contentBytes);
    this.#view = new DataView(this.buffer.buffer, this.buffer.byteOffset, this.buffer.length);
    // Whether there is a null the server sees by itself; the flag only has to be 0 or 1.
    for (const [index, number] of [1, 1, type, length, 1].entries()) {
      this.#view.setInt32(4 * index, number);
    }
  }

  null(): void {
    this.#length(-1);
  }

  int8(value: bigint): void {
    this.#length(8);
    this.#view.setBigInt64(this.#at, value);
    this.#at += 8;
  }

  int4(value: number): void {
    this.#length(4);
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  bytes(value: Uint8Array): void {
    this.#length(value.length);
    this.buffer.set(value, this.#at);
    this.#at += value.length;
  }

  text(value: string): void {
    const length = this.buffer.write(value, this.#at + 4);
    this.#length(length);
    this.#at += length;
  }

  #length(bytes: number): void {
    this.#view.setInt32(this.#at, bytes);
    this.#at += 4;
  }
}

/** For `bigint[]`: whole numbers within 64 bits. */
export function int8Array(values: readonly (bigint | undefined)[]): Buffer {
  const writer = new ArrayWriter(oid.int8, values.length, 8 * present(values));
  for (const value of values) {
    if (value === undefined) writer.null();
    else writer.int8(value);
  }
  return writer.buffer;
}

/** For `int[]`: whole numbers within 32 bits. */
export function int4Array(values: readonly (number | undefined)[]): Buffer {
  return fourBytes(oid.int4, values);
}

/** For `date[]`: days as YYYY-MM-DD. */
export function dateArray(days: readonly string[]): Buffer {
  const numbers = new Map<string, number>();
  for (const day of new Set(days)) {
    numbers.set(day, Date.parse(`${day}T00:00:00Z`) / dayMs - epochDay);
  }
  return fourBytes(
    oid.date,
    days.map((day) => numbers.get(day)),
  );
}

/** For `bytea[]`. */
export function bytesArray(values: readonly Uint8Array[]): Buffer {
  const total = values.reduce((bytes, value) => bytes + value.length, 0);
  const writer = new ArrayWriter(oid.bytea, values.length, total);
  for (const value of values) writer.bytes(value);
  return writer.buffer;
}

/** For `text[]`. */
export function textArray(values: readonly (string | undefined)[]): Buffer {
  const total = values.reduce((bytes, text) => bytes + Buffer.byteLength(text ?? ""), 0);
  const writer = new ArrayWriter(oid.text, values.length, total);
  for (const value of values) {
    if (value === undefined) writer.null();
    else writer.text(value);
  }
  return writer.buffer;
}

function fourBytes(type: number, values: readonly (number | undefined)[]): Buffer {
  const writer = new ArrayWriter(type, values.length, 4 * present(values));
  for (const value of values) {
    if (value === undefined) writer.null();
    else writer.int4(value);
  }
  return writer.buffer;
}

function present(values: readonly unknown[]): number {
  return values.reduce<number>((count, value) => count + Number(value !== undefined), 0);
}
