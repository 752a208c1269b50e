import { type Failure, failure } from "@holdfast/base/failure";
import { isTraceparent } from "@holdfast/base/tracer";
import { limits } from "@holdfast/core/limits";
import { globalRegion, type LockId } from "@holdfast/core/lock/lock-id";
import { checkName, checkNamespace, checkRegion } from "@holdfast/core/lock/name";

const idPattern = /^[A-Za-z0-9_-]{22}$/;
const shardPattern = /^[A-Za-z0-9_-]{1,64}$/;
const requestIdPattern = /^[\x21-\x7e]+$/;
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
const prefixPattern = /^[A-Za-z0-9._:@=+,~/-]*$/;
const signed64Max = 2n ** 63n - 1n;

// Every rule gives the first thing wrong, or undefined. `field` is the path the caller knows it by.

/** Refuses a request because of `field`. */
export function refuse(field: string, message: string): Failure {
  return failure("INVALID_ARGUMENT", message, { field });
}

/** Refuses a consistency that has no such number. */
export function badConsistency(number: number): Failure {
  return refuse(
    "consistency",
    `There is no consistency ${number}; 1 is linearizable, 2 is cached.`,
  );
}

/** Puts the place of a part before the field that is wrong with it. */
export function within(path: string, found: Failure | undefined): Failure | undefined {
  return found && { ...found, field: found.field === undefined ? path : `${path}.${found.field}` };
}

/** A lock, its region filled in. */
export function checkLock(lock: LockId): Failure | undefined {
  const found = checkName(lock.name) ?? checkNamespace(lock.namespace) ?? checkRegion(lock.region);
  return found && within("lock", found);
}

/** The region and namespace of a list or a watch. */
export function checkPlace(region: string, namespace: string): Failure | undefined {
  return checkRegion(region) ?? checkNamespace(namespace);
}

/** A prefix of lock names; it may be empty, and may end anywhere. */
export function checkPrefix(field: string, prefix: string): Failure | undefined {
  if (prefix.length <= limits.nameBytesMax && prefixPattern.test(prefix)) return undefined;
  return refuse(
    field,
    `A prefix is at most ${limits.nameBytesMax} bytes of A-Z a-z 0-9 . _ : @ = + , ~ - and /.`,
  );
}

/** A session or a grant: 128 bits in base64url. */
export function checkId(field: string, id: string): Failure | undefined {
  if (idPattern.test(id)) return undefined;
  return refuse(field, `${field} is 22 characters of base64url; this one has ${id.length}.`);
}

/** A request id that need not be unguessable, because the session is. */
export function checkRequestId(requestId: string): Failure | undefined {
  if (requestId.length <= limits.requestIdBytesMax && requestIdPattern.test(requestId)) {
    return undefined;
  }
  return refuse(
    "request_id",
    `request_id is 1 to ${limits.requestIdBytesMax} visible ASCII characters.`,
  );
}

/** A request id that stands for the caller. */
export function checkRandomRequestId(requestId: string): Failure | undefined {
  if (uuidPattern.test(requestId)) return undefined;
  return refuse(
    "request_id",
    "Without a session, request_id is a random UUID (version 4): " +
      "were it guessable, two callers could get one grant.",
  );
}

/** A whole number of milliseconds in a range. */
export function checkRange(
  field: string,
  value: number,
  range: { readonly min: number; readonly max: number },
): Failure | undefined {
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return undefined;
  return refuse(field, `${field} is a whole number from ${range.min} to ${range.max}.`);
}

/** Text for people. */
export function checkText(
  field: string,
  text: string,
  bytes: { readonly min: number; readonly max: number },
): Failure | undefined {
  if (!text.isWellFormed()) return refuse(field, `${field} has an unpaired surrogate.`);
  if (text.length >= bytes.min && text.length * 3 <= bytes.max) return undefined;
  const length = Buffer.byteLength(text, "utf8");
  if (length >= bytes.min && length <= bytes.max) return undefined;
  return refuse(
    field,
    `${field} is ${bytes.min} to ${bytes.max} bytes of UTF-8; this one has ${length}.`,
  );
}

/** What a caller says about itself; `bytesMax`: keys and values together. */
export function checkMetadata(
  metadata: Readonly<Record<string, string>>,
  bytesMax: number,
): Failure | undefined {
  let bytes = 0;
  for (const key in metadata) {
    const value = metadata[key] ?? "";
    if (key === "") return refuse("metadata", "No key of metadata may be empty.");
    if (!key.isWellFormed() || !value.isWellFormed()) {
      return refuse("metadata", "metadata has an unpaired surrogate.");
    }
    bytes += Buffer.byteLength(key, "utf8") + Buffer.byteLength(value, "utf8");
  }
  if (bytes <= bytesMax) return undefined;
  return refuse(
    "metadata",
    `Keys and values of metadata are at most ${bytesMax} bytes together here; ` +
      `these are ${bytes}.`,
  );
}

/** W3C trace context. */
export function checkTraceparent(traceparent: string): Failure | undefined {
  if (isTraceparent(traceparent)) return undefined;
  return refuse(
    "traceparent",
    "traceparent is W3C trace context: version, trace, span and flags in lower-case hex.",
  );
}

/** A token as a grant carries one. */
export function checkToken(token: bigint): Failure | undefined {
  if (token >= 1n && token <= signed64Max) return undefined;
  return refuse("token", "token is from 1 to 2^63 - 1, as the grant carries it.");
}

/** A lease as an answer named it. */
export function checkLease(lease: {
  readonly region: string;
  readonly shard: string;
  readonly leaseId: bigint;
}): Failure | undefined {
  const found = checkRegion(lease.region);
  if (found !== undefined) return found;
  if (lease.region === globalRegion) {
    return refuse("region", 'A lease lies in a region\'s shard, and no region is called "global".');
  }
  if (!shardPattern.test(lease.shard)) {
    return refuse("shard", "A shard is 1 to 64 bytes of A-Z a-z 0-9 _ and -.");
  }
  if (lease.leaseId >= 1n && lease.leaseId <= signed64Max) return undefined;
  return refuse("lease_id", "lease_id is from 1 to 2^63 - 1, as an answer named it.");
}
