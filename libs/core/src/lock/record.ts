import { utf8, utf8Text } from "@holdfast/base/bytes";
import type { RequestId, SessionId } from "@holdfast/base/ids";
import { makeToken } from "../fencing/token.ts";
import type { KeyValue } from "../txn/txn.ts";
import type { Mode } from "./lock-id.ts";

/**
 * The value of a holder's or waiter's key. It never holds a deadline: the lease is the deadline,
 * and wall clocks do not agree.
 */
export interface LockRecord {
  readonly owner: string;
  /** Absent: the grant has a ttl of its own. */
  readonly session?: SessionId;
  readonly ttlMs: number;
  readonly mode: Mode;
  readonly requestId: RequestId;
  readonly metadata: Readonly<Record<string, string>>;
  readonly traceparent?: string;
  /** The epoch compared when this was written: with the key's create revision it is the token. */
  readonly epoch: number;
  /** Wall time of the grant or the queueing at the router; a label for people, never compared. */
  readonly atMs: number;
}

const version = 1;

/** A version byte, then JSON, so that an operator can read it with the store's own tools. */
export function encodeRecord(record: LockRecord): Uint8Array {
  const short = {
    o: record.owner,
    s: record.session,
    l: record.ttlMs,
    m: record.mode === "shared" ? "s" : undefined,
    r: record.requestId,
    d: isEmpty(record.metadata) ? undefined : record.metadata,
    p: record.traceparent,
    e: record.epoch,
    a: Math.round(record.atMs),
  };
  return utf8(`\x01${JSON.stringify(short)}`);
}

/** Undefined where the bytes are of another version or damaged: never guess at a holder. */
export function decodeRecord(bytes: Uint8Array): LockRecord | undefined {
  return bytes[0] === version ? parseRecord(utf8Text(bytes.subarray(1))) : undefined;
}

/** Reads a record without its version byte; kept as text it takes a third of the room. */
export function parseRecord(json: string): LockRecord | undefined {
  try {
    const short = JSON.parse(json);
    return {
      owner: short.o,
      ttlMs: short.l,
      mode: short.m === "s" ? "shared" : "exclusive",
      requestId: short.r,
      metadata: short.d ?? {},
      epoch: short.e,
      atMs: short.a,
      ...(short.s === undefined ? {} : { session: short.s }),
      ...(short.p === undefined ? {} : { traceparent: short.p }),
    };
  } catch {
    return undefined;
  }
}

/** The token of a stored grant. */
export function tokenOf(kv: KeyValue, record: LockRecord): bigint {
  return makeToken(record.epoch, kv.createRevision);
}

/** A repeat must ask for the same: else two callers share a request id by mistake. */
export function sameRequest(stored: LockRecord, asked: LockRecord): boolean {
  return (
    stored.mode === asked.mode &&
    stored.requestId === asked.requestId &&
    stored.session === asked.session &&
    stored.owner === asked.owner &&
    (stored.session !== undefined || stored.ttlMs === asked.ttlMs) &&
    sameMetadata(stored.metadata, asked.metadata)
  );
}

function sameMetadata(
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}

function isEmpty(metadata: Readonly<Record<string, string>>): boolean {
  for (const _ in metadata) return false;
  return true;
}
