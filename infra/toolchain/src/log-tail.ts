import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const TAIL_BYTES = 16_384;

/** The last `linesMax` lines of a file; none when it cannot be read. */
export function logTail(path: string, linesMax: number): string[] {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return [];
  }
  try {
    const size = fstatSync(file).size;
    const length = Math.min(size, TAIL_BYTES);
    const buffer = Buffer.alloc(length);
    readSync(file, buffer, 0, length, size - length);
    const lines = buffer.toString("utf8").split("\n");
    return lines.filter((line) => line !== "").slice(-linesMax);
  } finally {
    closeSync(file);
  }
}
