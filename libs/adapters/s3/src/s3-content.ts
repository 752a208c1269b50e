import { Readable } from "node:stream";

/** The content of an answer, of at most `bytesMax` bytes; it is let go of when `signal` says so. */
export async function contentOf(
  body: unknown,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (!(body instanceof Readable)) throw new Error("an answer without content");
  const drop = (): void => {
    body.destroy(new Error("the content did not come in time"));
  };
  signal.addEventListener("abort", drop, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      bytes += (chunk as Uint8Array).length;
      if (bytes > bytesMax) throw new Error(`an object of more than ${bytesMax} bytes`);
      chunks.push(chunk as Uint8Array);
    }
    const content = new Uint8Array(bytes);
    let at = 0;
    for (const chunk of chunks) {
      content.set(chunk, at);
      at += chunk.length;
    }
    return content;
  } finally {
    signal.removeEventListener("abort", drop);
  }
}
