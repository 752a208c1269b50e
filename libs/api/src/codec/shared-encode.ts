import type { SessionLease } from "@holdfast/core/command/command";
import type { Tenant } from "@holdfast/core/command/outcome";
import type { LockId } from "@holdfast/core/lock/lock-id";
import type { WireWriter } from "../wire/wire-writer.ts";
import { modeNumber } from "./vocabulary.ts";

/** A `LockId` in `field`. */
export function writeLock(writer: WireWriter, field: number, lock: LockId): void {
  const mark = writer.begin(field, "small");
  if (lock.region !== "") writer.text(1, lock.region);
  if (lock.namespace !== "") writer.text(2, lock.namespace);
  if (lock.name !== "") writer.text(3, lock.name);
  writer.end(mark, "small");
}

/** A `SessionLease` in `field`. */
export function writeLease(writer: WireWriter, field: number, lease: SessionLease): void {
  const mark = writer.begin(field, "small");
  if (lease.region !== "") writer.text(1, lease.region);
  if (lease.shard !== "") writer.text(2, lease.shard);
  if (lease.leaseId !== 0n) writer.fixed64(3, lease.leaseId);
  writer.end(mark, "small");
}

/** A `Tenant` in `field`. */
export function writeTenant(writer: WireWriter, field: number, tenant: Tenant): void {
  const mark = writer.begin(field, "small");
  if (tenant.grantId !== "") writer.text(1, tenant.grantId);
  writer.number(2, modeNumber(tenant.mode));
  if (tenant.owner !== "") writer.text(3, tenant.owner);
  writeMetadata(writer, 4, tenant.metadata);
  if (tenant.token !== 0n) writer.uint64(5, tenant.token);
  const ageMs = wholeDown(tenant.ageMs);
  if (ageMs !== 0) writer.number(6, ageMs);
  if (tenant.hasSession) writer.number(7, 1);
  const ttlMs = wholeDown(tenant.ttlMs);
  if (ttlMs !== 0) writer.number(8, ttlMs);
  writer.end(mark, "small");
}

/** A map of strings in `field`. */
export function writeMetadata(
  writer: WireWriter,
  field: number,
  metadata: Readonly<Record<string, string>>,
): void {
  for (const key in metadata) {
    const mark = writer.begin(field, "small");
    writer.text(1, key);
    writer.text(2, metadata[key] ?? "");
    writer.end(mark, "small");
  }
}

/** A duration that is believed in, or an age: rounded down, and never below 0. */
export function wholeDown(ms: number): number {
  return ms > 0 ? Math.floor(ms) : 0;
}

/** A duration to wait: rounded up, and never below 0. */
export function wholeUp(ms: number): number {
  return ms > 0 ? Math.ceil(ms) : 0;
}
