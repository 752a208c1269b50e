import type { GrantId } from "@holdfast/base/ids";
import { epochMax } from "../fencing/token.ts";
import { limits } from "../limits.ts";
import type { LockId } from "../lock/lock-id.ts";
import { decodeRecord, type LockRecord, tokenOf } from "../lock/record.ts";
import type { GlobalRequest } from "../quorum/register-value.ts";
import type { KeyValue } from "../txn/txn.ts";
import type { Happening, Tenancy, Tenure } from "./event.ts";
import { sessionReference } from "./session-reference.ts";

/** Whose a stored record is; undefined where it cannot be read, or is not what we would write. */
export function tenureOf(lock: LockId, grantId: GrantId, kv: KeyValue): Tenure | undefined {
  const record = decodeRecord(kv.value);
  if (record === undefined || !isSound(record) || !isEpoch(record)) return undefined;
  return { ...tenancy(lock, grantId, record), token: tokenOf(kv, record) };
}

/** Whose a place in a shard's line is; undefined as with {@link tenureOf}. */
export function placeOf(lock: LockId, grantId: GrantId, kv: KeyValue): Tenancy | undefined {
  const record = decodeRecord(kv.value);
  return record !== undefined && isSound(record) ? tenancy(lock, grantId, record) : undefined;
}

/** Whose a request for a global lock is; undefined where it is not what we would write. */
export function requesterOf(lock: LockId, request: GlobalRequest): Tenancy | undefined {
  const isWhole = isSound(request) && isGrantId(request.grantId);
  return isWhole ? tenancy(lock, request.grantId, request) : undefined;
}

/** Ours have 22 characters. */
export function isGrantId(grantId: GrantId): boolean {
  return typeof grantId === "string" && grantId.length <= 64;
}

/** What is told in place of a record that cannot be read. */
export function unreadable(
  record: string,
  change: "put" | "deleted",
  about: { readonly lock?: LockId; readonly grantId?: GrantId } = {},
): Happening {
  return { kind: "RecordUnreadable", record, change, ...about };
}

type Requester = Pick<LockRecord, "mode" | "owner" | "session" | "ttlMs">;

function tenancy(lock: LockId, grantId: GrantId, requester: Requester): Tenancy {
  const { mode, owner, session, ttlMs } = requester;
  return {
    lock,
    grantId,
    mode,
    owner,
    ...(session === undefined ? {} : { session: sessionReference(session) }),
    ttlMs,
  };
}

/**
 * Anybody may have written it who can write to etcd, and a journal that stops at what it does not
 * expect would stop there for good.
 */
function isSound({ owner, session, ttlMs }: Requester): boolean {
  return (
    typeof owner === "string" &&
    owner.length <= limits.ownerBytesMax &&
    (session === undefined || typeof session === "string") &&
    Number.isSafeInteger(ttlMs) &&
    ttlMs >= 0
  );
}

function isEpoch({ epoch }: LockRecord): boolean {
  return Number.isInteger(epoch) && epoch >= 1 && epoch <= epochMax;
}
