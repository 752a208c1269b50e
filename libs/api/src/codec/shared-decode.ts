import type { GrantId, LeaseId } from "@holdfast/base/ids";
import type { SessionLease } from "@holdfast/core/command/command";
import type { Tenant } from "@holdfast/core/command/outcome";
import { endOfMessage, type WireReader } from "../wire/wire-reader.ts";
import { modeOf } from "./vocabulary.ts";

/** The metadata of whoever has none: shared, so that ten thousand waiters keep one. */
export const noMetadata: Readonly<Record<string, string>> = Object.freeze({});

/** A `LockId`; an empty region becomes `region`. */
export function readLock(
  reader: WireReader,
  region: string,
): { region: string; namespace: string; name: string } {
  const lock = { region, namespace: "", name: "" };
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) lock.region = reader.commonText("lock.region") || region;
    else if (tag === 0x12) lock.namespace = reader.commonText("lock.namespace");
    else if (tag === 0x1a) lock.name = reader.text("lock.name");
    else reader.skip(tag);
  }
  reader.leave(outer);
  return lock;
}

/** A `SessionLease`. */
export function readLease(reader: WireReader): SessionLease {
  let region = "";
  let shard = "";
  let leaseId = 0n;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) region = reader.commonText("lease.region");
    else if (tag === 0x12) shard = reader.commonText("lease.shard");
    else if (tag === 0x19) leaseId = reader.fixed64();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { region, shard, leaseId: leaseId as LeaseId };
}

/** A `Tenant`. */
export function readTenant(reader: WireReader): Tenant {
  let grantId = "";
  let mode = 0;
  let owner = "";
  let metadata = noMetadata;
  let token = 0n;
  let ageMs = 0;
  let hasSession = false;
  let ttlMs = 0;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) grantId = reader.text("grant_id");
    else if (tag === 0x10) mode = reader.varint();
    else if (tag === 0x1a) owner = reader.commonText("owner");
    else if (tag === 0x22) metadata = readMetadata(reader, metadata);
    else if (tag === 0x28) token = reader.uint64();
    else if (tag === 0x30) ageMs = reader.varint();
    else if (tag === 0x38) hasSession = reader.varint() !== 0;
    else if (tag === 0x40) ttlMs = reader.varint();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return {
    grantId: grantId as GrantId,
    mode: modeOf(mode) ?? "exclusive",
    owner,
    metadata,
    token,
    ageMs,
    hasSession,
    ttlMs,
  };
}

/** One entry of a map of strings, joined to those before it; a key that comes twice counts last. */
export function readMetadata(
  reader: WireReader,
  before: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  let key = "";
  let value = "";
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) key = reader.commonText("metadata");
    else if (tag === 0x12) value = reader.commonText("metadata");
    else reader.skip(tag);
  }
  reader.leave(outer);
  const joined: Record<string, string> =
    before === noMetadata ? {} : (before as Record<string, string>);
  if (key === "__proto__") {
    // A plain assignment would be lost, or change what the object inherits.
    Object.defineProperty(joined, key, { value, enumerable: true, configurable: true });
  } else joined[key] = value;
  return joined;
}
