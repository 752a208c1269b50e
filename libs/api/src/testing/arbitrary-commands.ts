import type { GrantId, LeaseId, RequestId, SessionId } from "@holdfast/base/ids";
import type { Command, SessionLease } from "@holdfast/core/command/command";
import { limits } from "@holdfast/core/limits";
import { globalRegion, isGlobal, type LockId, type Mode } from "@holdfast/core/lock/lock-id";
import fc from "fast-check";

// Random commands that break no rule.

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** A string of `min` to `max` characters out of `characters`. */
export function arbitraryText(characters: string, min: number, max: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...characters), minLength: min, maxLength: max });
}

/** 22 characters of base64url. */
export const arbitraryId = arbitraryText(base64url, 22, 22);

/** A region or a namespace. */
export const arbitraryLabel = arbitraryText("abcz019-", 1, limits.regionBytesMax);

/** Text in any script, control characters included, that is valid UTF-16. */
export const arbitraryUnicode = fc.string({ unit: "binary", maxLength: 80 });

/** An exclusive or a shared lock. */
export const arbitraryMode = fc.constantFrom<Mode>("exclusive", "shared");

/** Any token that a grant may carry. */
export const arbitraryToken = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });

/** A ttl of a local lock. */
export const arbitraryTtlMs = fc.integer(limits.localTtlMs);

/** What a caller says about itself, far below the limit. */
export const arbitraryMetadata = fc.dictionary(
  fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((key) => key !== "__proto__"),
  arbitraryUnicode,
  { maxKeys: 5, noNullPrototype: true },
);

/** Any lock, local or global. */
export const arbitraryLock: fc.Arbitrary<LockId> = fc.record({
  region: fc.oneof({ weight: 4, arbitrary: arbitraryLabel }, fc.constant(globalRegion)),
  namespace: arbitraryLabel,
  name: fc
    .array(arbitraryText("AZaz09_:@=+,~-", 1, 20), { minLength: 1, maxLength: 12 })
    .map((segments) => segments.join("/")),
});

/** Any lease. */
export const arbitraryLease: fc.Arbitrary<SessionLease> = fc.record({
  region: arbitraryLabel,
  shard: arbitraryText("abcz019-", 1, 64),
  leaseId: arbitraryToken as fc.Arbitrary<unknown> as fc.Arbitrary<LeaseId>,
});

const grantId = arbitraryId as fc.Arbitrary<GrantId>;
const session = arbitraryId as fc.Arbitrary<SessionId>;
const uuid = fc.uuid({ version: 4 }) as fc.Arbitrary<string> as fc.Arbitrary<RequestId>;
const requestId = fc
  .string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: limits.requestIdBytesMax,
  })
  .map((text) => text as RequestId);
const traceparent = fc
  .tuple(arbitraryText("0123456789abcdef", 32, 32), arbitraryText("0123456789abcdef", 16, 16))
  .map(([trace, span]) => `00-${trace}-${span}-01`);

/** Under a session, or under a ttl. */
const owned = fc.oneof(
  fc.record({ session, requestId }),
  fc.record({ ttlMs: fc.integer(limits.globalTtlMs), requestId: uuid }),
);
/** What a tombstone would stand under. */
const tombstone = fc.oneof(
  fc.record({ session }),
  fc.record({ ttlMs: fc.integer(limits.globalTtlMs) }),
  fc.constant({}),
);
/** Some of the fields, and never one that is undefined. */
function some<T>(fields: { [Field in keyof T]: fc.Arbitrary<T[Field]> }) {
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}
function joined<A, B, C>(
  a: fc.Arbitrary<A>,
  b: fc.Arbitrary<B>,
  c: fc.Arbitrary<C>,
): fc.Arbitrary<A & B & C> {
  return fc.tuple(a, b, c).map(([first, second, third]) => ({ ...first, ...second, ...third }));
}
const nothing = fc.constant({});

/** Any command that breaks no rule. */
export const arbitraryCommand: fc.Arbitrary<Command> = fc.oneof(
  joined(
    fc.record({
      kind: fc.constant("acquire" as const),
      lock: arbitraryLock,
      mode: arbitraryMode,
      waitMs: fc.integer({ min: 0, max: limits.waitMsMax }),
      owner: arbitraryUnicode.filter(
        (text) => Buffer.byteLength(text) <= limits.globalOwnerBytesMax,
      ),
      metadata: arbitraryMetadata.filter(
        (metadata) =>
          Buffer.byteLength(Object.entries(metadata).flat().join("")) <=
          limits.globalMetadataBytesMax,
      ),
    }),
    owned,
    some({ traceparent, resent: fc.constant(true as const) }),
  ).map((acquire) => {
    const scope = isGlobal(acquire.lock) ? ("global" as const) : ("local" as const);
    return { ...acquire, scope };
  }),
  joined(
    fc.record({
      kind: fc.constant("release" as const),
      lock: arbitraryLock,
      grantId,
      token: arbitraryToken,
      repeated: fc.boolean(),
    }),
    tombstone,
    some({ mode: arbitraryMode }),
  ),
  joined(
    fc.record({
      kind: fc.constant("renew" as const),
      lock: arbitraryLock,
      grantId,
      token: arbitraryToken,
    }),
    some({ ttlMs: fc.integer(limits.globalTtlMs) }),
    nothing,
  ),
  joined(
    fc.record({ kind: fc.constant("cancel" as const), lock: arbitraryLock, grantId }),
    tombstone,
    nothing,
  ),
  joined(
    fc.record({ kind: fc.constant("get" as const), lock: arbitraryLock }),
    some({ consistency: fc.constantFrom("linearizable" as const, "cached" as const) }),
    nothing,
  ),
  joined(
    fc.record({
      kind: fc.constant("force-release" as const),
      lock: arbitraryLock,
      requestId,
      actor: fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
      reason: fc.string({ unit: "binary", minLength: 1, maxLength: 200 }),
    }),
    some({ grantId }),
    nothing,
  ),
  joined(
    fc.record({
      kind: fc.constant("open-session" as const),
      region: fc.oneof(arbitraryLabel, fc.constant(globalRegion)),
      ttlMs: fc.integer(limits.globalTtlMs),
      requestId: uuid,
    }),
    some({ session }),
    nothing,
  ),
  fc.record({
    kind: fc.constant("heartbeat" as const),
    session,
    ttlMs: arbitraryTtlMs,
    leases: fc.array(arbitraryLease, { maxLength: 6 }),
    list: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("close-session" as const),
    session,
    leases: fc.array(arbitraryLease, { maxLength: 6 }),
  }),
);
