import { expect, test } from "vitest";
import { TextCache } from "./text-cache.ts";

const cache = new TextCache();

function read(text: string, encoding: BufferEncoding = "utf8"): string | undefined {
  const bytes = Buffer.from(`<${text}>`, encoding);
  return cache.read(bytes, 1, bytes.length - 1);
}

test("strings that meet in one slot are still told apart", () => {
  // Same length, same first, middle and last character.
  for (const text of ["a1b2c", "a9b8c", "a1b2c", "a9b8c"]) expect(read(text)).toBe(text);
});

test("strings that ASCII or the cache cannot hold are left to others", () => {
  expect(read("é")).toBeUndefined();
  expect(read("x".repeat(65))).toBeUndefined();
  expect(read("x".repeat(64))).toBe("x".repeat(64));
  expect(read("")).toBe("");
});
