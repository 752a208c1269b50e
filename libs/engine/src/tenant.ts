import type { GrantId, LeaseId } from "@holdfast/base/ids";
import type { Grant, Tenant } from "@holdfast/core/command/outcome";
import { parseKey } from "@holdfast/core/lock/keys";
import { decodeRecord, type LockRecord, tokenOf } from "@holdfast/core/lock/record";
import type { KeyValue } from "@holdfast/core/txn/txn";
import type { LockSite } from "./lock-site.ts";

/** A stored holder or waiter as others may see it; one of another format shows as "unreadable". */
export function tenantOf(kv: KeyValue, nowWallMs: number): Tenant {
  const parsed = parseKey(kv.key);
  const record = decodeRecord(kv.value);
  const grantId = (parsed?.grantId ?? "") as GrantId;
  const waits = parsed?.kind === "q";
  if (record === undefined) return unreadable(grantId, parsed?.kind === "s");
  return {
    grantId,
    mode: record.mode,
    owner: record.owner,
    metadata: record.metadata,
    token: waits ? 0n : tokenOf(kv, record),
    ageMs: Math.max(0, nowWallMs - record.atMs),
    hasSession: record.session !== undefined,
    ttlMs: record.ttlMs,
  };
}

/** The grant that a stored holder's key stands for. */
export function grantOf(
  site: LockSite,
  kv: KeyValue,
  record: LockRecord,
  validForMs: number,
): Grant {
  const { region, name } = site.shard;
  return {
    lock: site.lock,
    grantId: (parseKey(kv.key)?.grantId ?? "") as GrantId,
    mode: record.mode,
    token: tokenOf(kv, record),
    validForMs,
    validFrom: "first-send",
    lease: { region, shard: name, leaseId: kv.lease as LeaseId },
    regions: [region],
  };
}

function unreadable(grantId: GrantId, shared: boolean): Tenant {
  return {
    grantId,
    mode: shared ? "shared" : "exclusive",
    owner: "unreadable",
    metadata: {},
    token: 0n,
    ageMs: 0,
    hasSession: false,
    ttlMs: 0,
  };
}
