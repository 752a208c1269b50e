import { utf8, utf8Text } from "@holdfast/base/bytes";
import { lengthen, shorten } from "../quorum/register-codec.ts";
import type { GlobalRequest } from "../quorum/register-value.ts";

const version = 1;
const tokenBytes = 8;

/** A place: a version byte, then JSON with the coordinator that takes care of it. */
export function encodePlace(request: GlobalRequest, coordinator: string): Uint8Array {
  return utf8(`\x01${JSON.stringify({ ...shorten(request), c: coordinator })}`);
}

/** Undefined where the bytes are of another version or damaged. */
export function decodePlace(
  bytes: Uint8Array,
): { readonly request: GlobalRequest; readonly coordinator: string } | undefined {
  if (bytes[0] !== version) return undefined;
  try {
    const short = JSON.parse(utf8Text(bytes.subarray(1)));
    return { request: lengthen(short), coordinator: short.c };
  } catch {
    return undefined;
  }
}

/** A holder: its token first, so that a compare of values is a compare of tokens. */
export function encodeHolder(request: GlobalRequest, token: bigint): Uint8Array {
  const record = utf8(`\x01${JSON.stringify(shorten(request))}`);
  const bytes = new Uint8Array(tokenBytes + record.length);
  bytes.set(encodeToken(token));
  bytes.set(record, tokenBytes);
  return bytes;
}

/** Undefined where the bytes are of another version or damaged. */
export function decodeHolder(
  bytes: Uint8Array,
): { readonly request: GlobalRequest; readonly token: bigint } | undefined {
  if (bytes.length < tokenBytes || bytes[tokenBytes] !== version) return undefined;
  const token = new DataView(bytes.buffer, bytes.byteOffset, tokenBytes).getBigUint64(0);
  try {
    return { request: lengthen(JSON.parse(utf8Text(bytes.subarray(tokenBytes + 1)))), token };
  } catch {
    return undefined;
  }
}

/** 8 bytes in big-endian. A holder with this token is above them, and below those of the next. */
export function encodeToken(token: bigint): Uint8Array {
  const bytes = new Uint8Array(tokenBytes);
  new DataView(bytes.buffer).setBigUint64(0, token);
  return bytes;
}
