import { hash } from "node:crypto";

/**
 * SHA-256 (FIPS 180-4) of `text` in UTF-8, cut to its first 128 bits: 22 characters of base64url.
 */
export function digest128(text: string): string {
  return hash("sha256", text, "buffer").toString("base64url", 0, 16);
}
