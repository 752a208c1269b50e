import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";

const CHUNK_BYTES = 65_536;

/**
 * Watches a log that a service writes, from where it ended when the service was started, for the
 * line with `"event.action":"ready"`.
 */
export class ReadyLine {
  readonly #path: string;
  #offset: number;
  #rest = "";
  #seen = false;

  constructor(path: string) {
    this.#path = path;
    this.#offset = sizeOf(path);
  }

  /** Reads what was written since the last call; stays true once the line was seen. */
  seen(): boolean {
    while (!this.#seen) {
      const chunk = readFrom(this.#path, this.#offset);
      if (chunk.length === 0) break;
      this.#offset += chunk.length;
      const lines = (this.#rest + chunk.toString("utf8")).split("\n");
      this.#rest = lines.pop() ?? "";
      this.#seen = lines.some(saysReady);
    }
    return this.#seen;
  }
}

function saysReady(line: string): boolean {
  // Most lines are cheap to pass over.
  if (!line.includes('"ready"')) return false;
  try {
    return (JSON.parse(line) as Record<string, unknown>)["event.action"] === "ready";
  } catch {
    return false;
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

function readFrom(path: string, offset: number): Buffer {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const length = Math.min(CHUNK_BYTES, Math.max(0, fstatSync(file).size - offset));
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(file, buffer, 0, length, offset));
  } finally {
    closeSync(file);
  }
}
