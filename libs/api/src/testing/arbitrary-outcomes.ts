import { type Failure, type FailureCode, failure } from "@holdfast/base/failure";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { Command } from "@holdfast/core/command/command";
import type {
  Grant,
  HeldEntry,
  LeaseAnswer,
  LockState,
  Outcome,
  RegionVote,
  Tenant,
} from "@holdfast/core/command/outcome";
import fc from "fast-check";
import { failureStatus } from "../failure-status.ts";
import {
  arbitraryId,
  arbitraryLabel,
  arbitraryLease,
  arbitraryLock,
  arbitraryMetadata,
  arbitraryMode,
  arbitraryToken,
  arbitraryUnicode,
} from "./arbitrary-commands.ts";

// Random answers, as a router gives them.

const grantId = arbitraryId as fc.Arbitrary<GrantId>;
const unsigned32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

/** Every code there is. */
export const failureCodes = Object.keys(failureStatus) as FailureCode[];

/** Any failure, with any of its details. */
export const arbitraryFailure: fc.Arbitrary<Failure> = fc
  .tuple(
    fc.constantFrom(...failureCodes),
    arbitraryUnicode,
    fc.record(
      {
        field: fc.string({ minLength: 1, maxLength: 30 }),
        shard: fc.tuple(arbitraryLabel, arbitraryLabel).map((parts) => parts.join("/")),
        regions: fc.array(arbitraryLabel, { minLength: 1, maxLength: 3 }),
        retryAfterMs: fc.integer({ min: 0, max: 2 ** 31 }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([code, message, details]) => failure(code, message, details));

/** A holder or a waiter. */
export const arbitraryTenant: fc.Arbitrary<Tenant> = fc.record({
  grantId,
  mode: arbitraryMode,
  owner: arbitraryUnicode,
  metadata: arbitraryMetadata,
  token: fc.oneof(fc.constant(0n), arbitraryToken),
  ageMs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  hasSession: fc.boolean(),
  ttlMs: unsigned32,
});

const tenants = fc.array(arbitraryTenant, { maxLength: 4 });

const confirmation = fc.record({ lease: arbitraryLease, validForMs: unsigned32 });

const vote: fc.Arbitrary<RegionVote> = fc.record({
  region: arbitraryLabel,
  reachable: fc.boolean(),
  problem: arbitraryUnicode,
  rttMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
  ballot: fc.constantFrom("", "7.2.1"),
  version: fc.maxSafeNat(),
  token: fc.oneof(fc.constant(0n), arbitraryToken),
  live: fc.array(grantId, { maxLength: 3 }),
});

const localGrant: fc.Arbitrary<Grant> = fc.record({
  lock: arbitraryLock,
  grantId,
  mode: arbitraryMode,
  token: arbitraryToken,
  validForMs: unsigned32,
  validFrom: fc.constantFrom("first-send" as const, "this-send" as const),
  lease: arbitraryLease,
  regions: fc.array(arbitraryLabel, { maxLength: 3 }),
});

/** Perhaps with leases that hold a global grant up. */
function withConfirmed<T>(plain: fc.Arbitrary<T>) {
  return fc
    .tuple(plain, fc.array(confirmation, { maxLength: 3 }))
    .map(([fields, confirmed]) => ({ ...fields, ...(confirmed.length > 0 && { confirmed }) }));
}

const grant: fc.Arbitrary<Grant> = withConfirmed(localGrant);

const heldEntry: fc.Arbitrary<HeldEntry> = fc.record({
  kind: fc.constantFrom("holder" as const, "waiter" as const),
  lock: arbitraryLock,
  grantId,
});

const leaseAnswer: fc.Arbitrary<LeaseAnswer> = fc.record(
  {
    lease: arbitraryLease,
    validForMs: unsigned32,
    unknown: fc.boolean(),
    held: fc.array(heldEntry, { maxLength: 4 }),
  },
  { requiredKeys: ["lease", "validForMs", "unknown"] },
) as fc.Arbitrary<LeaseAnswer>;

const decisions: Record<Command["kind"], fc.Arbitrary<Outcome>> = {
  acquire: fc.oneof(
    fc.record({ kind: fc.constant("granted" as const), grant }),
    fc.record({
      kind: fc.constant("held" as const),
      holders: tenants,
      queueLength: unsigned32,
      retryAfterMs: unsigned32,
    }),
    fc.record({
      kind: fc.constant("timeout" as const),
      holders: tenants,
      queueLength: unsigned32,
    }),
    fc.constant({ kind: "cancelled" as const }),
    fc.record({
      kind: fc.constant("deadlock" as const),
      cycle: fc.array(arbitraryUnicode, { maxLength: 4 }),
    }),
  ),
  release: fc.record({ kind: fc.constant("released" as const), handedOver: fc.boolean() }),
  renew: withConfirmed(
    fc.record({ kind: fc.constant("renewed" as const), validForMs: unsigned32 }),
  ),
  cancel: fc.record({ kind: fc.constant("cancelled" as const), found: fc.boolean() }),
  get: withVotes({
    kind: fc.constant("lock" as const),
    lock: arbitraryLock,
    shard: arbitraryLabel,
    slot: fc.integer({ min: 0, max: 4095 }),
    holders: tenants,
    waiters: tenants,
    holderCount: unsigned32,
    waiterCount: unsigned32,
    revision: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  }),
  "force-release": fc
    .record({ released: tenants, unnamed: fc.nat(10_000) })
    .map(({ released, unnamed }) => ({
      kind: "force-released" as const,
      released,
      ...(unnamed > 0 && { releasedCount: released.length + unnamed }),
    })),
  "open-session": fc.record({
    kind: fc.constant("opened" as const),
    session: arbitraryId as fc.Arbitrary<SessionId>,
    ttlMs: unsigned32,
    lease: arbitraryLease,
    validForMs: unsigned32,
  }),
  heartbeat: fc.record({
    kind: fc.constant("heartbeat" as const),
    leases: fc.array(leaseAnswer, { maxLength: 4 }),
  }),
  "close-session": fc.constant({ kind: "closed" as const }),
};

function withVotes(fields: { [Field in keyof LockState]: fc.Arbitrary<LockState[Field]> }) {
  return fc
    .tuple(fc.record(fields), fc.array(vote, { maxLength: 3 }), unsigned32)
    .map(([state, votes, ageMs]) => ({
      ...state,
      ...(votes.length > 0 && { votes }),
      ...(ageMs > 0 && { ageMs }),
    }));
}

/** A kind of command and an answer to it. */
export const arbitraryAnswer: fc.Arbitrary<{
  readonly kind: Command["kind"];
  readonly outcome: Outcome;
}> = fc
  .constantFrom(...(Object.keys(decisions) as Command["kind"][]))
  .chain((kind) =>
    fc
      .oneof({ weight: 4, arbitrary: decisions[kind] }, { weight: 1, arbitrary: arbitraryFailure })
      .map((outcome) => ({ kind, outcome })),
  );
