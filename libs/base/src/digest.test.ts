import { expect, test } from "vitest";
import { utf8 } from "./bytes.ts";
import { digest132, sha256 } from "./digest.ts";

// The examples of FIPS 180-4.
const digests = [
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
] as const;

test.each(digests)("the hash of %j is that of the standard", (text, hex) => {
  const hash = sha256(utf8(text));
  expect(Buffer.from(hash).toString("hex")).toBe(hex);
  expect(hash.buffer.byteLength).toBe(32);
  expect(digest132(text)).toBe(Buffer.from(hex, "hex").toString("base64url").slice(0, 22));
});
