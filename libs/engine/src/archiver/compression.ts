import { promisify } from "node:util";
import { createGzip, gunzip } from "node:zlib";

const gunzipped = promisify(gunzip);
/** It is written once and kept for years. */
const level = 9;

/**
 * Compresses piece by piece, away from this thread; only what is compressed is kept. The same
 * content becomes the same bytes, however it is cut.
 */
export class Compressor {
  readonly #gzip = createGzip({ level });
  readonly #chunks: Buffer[] = [];

  constructor() {
    this.#gzip.on("data", (chunk: Buffer) => this.#chunks.push(chunk));
  }

  /** One call at a time. */
  add(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#gzip.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** All of it; nothing is added after. */
  async finish(): Promise<Uint8Array> {
    const ended = Promise.withResolvers<void>();
    this.#gzip.once("end", ended.resolve);
    this.#gzip.once("error", ended.reject);
    this.#gzip.end();
    await ended.promise;
    return new Uint8Array(Buffer.concat(this.#chunks));
  }
}

/** Undefined where the bytes are no gzip, or hold more than `bytesMax` bytes. */
export async function decompressed(
  bytes: Uint8Array,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  try {
    const content = await gunzipped(bytes, { maxOutputLength: Math.max(1, bytesMax) });
    return new Uint8Array(content.buffer, content.byteOffset, content.length);
  } catch {
    return undefined;
  }
}
