import type { GrantId } from "@holdfast/base/ids";
import fc from "fast-check";
import type { AuditEvent, Happening } from "../event.ts";

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const whole = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const grantId = fc.base64String({ maxLength: 24 }).map((text) => text as GrantId);
/** Every plane of Unicode, controls and halves of surrogate pairs. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.constantFrom("\u2028\u2029\n\r\0", '"\\', "\u{10ffff}", "\ud800", "__proto__", ""),
);

const lock = fc.record({
  region: fc.constantFrom("us-east-1", "global"),
  namespace: fc.constantFrom("default", "a-b"),
  name: fc.stringMatching(/^[A-Za-z0-9._:@=+,~/-]{1,40}$/),
});

/** Of a grant without a session, half of the time. */
function optional<T>(name: string, arbitrary: fc.Arbitrary<T>) {
  return fc.option(arbitrary, { nil: undefined }).map((value) => {
    return value === undefined ? {} : { [name]: value };
  });
}

const tenancy = {
  lock,
  grantId,
  mode: fc.constantFrom("exclusive" as const, "shared" as const),
  owner: anyText,
  ttlMs: whole,
};
const register = {
  ballot: fc.record({ round: whole, proposer: whole, incarnation: whole }),
  version: whole,
};
const tenure = { ...tenancy, token: uint64 };
const ofRegister = { ...tenure, ...register, home: fc.constant("eu-west-1") };
const found = fc.constant(true);
const session = optional("session", grantId);
const queuedAt = optional("queuedAt", uint64);

/** Some of what happens to grants, with or without what may be left out. */
function one(
  kinds: readonly string[],
  fields: Record<string, fc.Arbitrary<unknown>>,
  ...options: fc.Arbitrary<object>[]
): fc.Arbitrary<Happening> {
  return fc
    .tuple(fc.record({ kind: fc.constantFrom(...kinds), ...fields }), ...options)
    .map((parts) => Object.assign({}, ...parts) as Happening);
}

const happening: fc.Arbitrary<Happening> = fc.oneof(
  one(["LockAcquired"], tenure, session, queuedAt),
  one(["LockHandedOver"], { ...tenure, from: grantId }, session, queuedAt),
  one(["DelegatedGranted"], tenure, session, queuedAt, optional("from", grantId)),
  one(["LockRenewed", "LockExpired"], tenure, session),
  one(
    ["LockReleased", "DelegatedReleased"],
    { ...tenure, cause: fc.constant("released") },
    session,
  ),
  one(["DelegatedLost"], { ...tenure, cause: fc.constant("superseded") }, session),
  one(["LockForceReleased"], { ...tenure, actor: anyText, reason: anyText }, session),
  one(["WaiterQueued"], tenancy, session),
  one(["WaiterQueued"], { ...tenancy, ...register }, session),
  one(["WaiterLeft"], { ...tenancy, cause: fc.constant("withdrawn") }, session, queuedAt),
  one(["WaiterLeft"], { ...tenancy, ...register, cause: fc.constant("granted") }, session),
  one(["SessionOpened"], { session: grantId, ttlMs: whole }),
  one(["SessionEnded"], { session: grantId, ttlMs: whole, cause: fc.constant("closed") }),
  one(["GlobalGranted", "DelegationGiven", "DelegationRenewed"], ofRegister, session),
  one(
    ["GlobalReleased", "GlobalTakenOver", "GlobalForceReleased", "DelegationEnded"],
    { ...ofRegister, cause: fc.constantFrom("lost", "forced", "unchosen", "unknown") },
    session,
  ),
  one(["GlobalRefused"], { lock, grantId, cause: fc.constant("refused"), ...register }),
  one(["GlobalAccepted"], { lock, ...register }),
  one(
    ["RecordUnreadable"],
    { record: fc.constantFrom("x", "a"), change: fc.constantFrom("put", "deleted") },
    optional("lock", lock),
    optional("grantId", grantId),
  ),
  one(["LockAcquired"], { ...tenure, found }, session, queuedAt),
  one(["GlobalGranted"], { ...ofRegister, found }, session),
  one(["AuditGap"], { missingFrom: uint64, missingTo: uint64 }),
);

/** Any event there can be, and owners that no caller should have. */
export const anyEvent: fc.Arbitrary<AuditEvent> = fc
  .record({
    cluster: fc.constantFrom("cdf818194e3a8c32", "memory"),
    revision: uint64,
    index: fc.nat(),
    atMs: whole,
    region: fc.constant("us-east-1"),
    shard: fc.constant("s0"),
    happening,
  })
  .map(({ happening: what, ...place }) => ({ ...place, ...what }));
