import type { GrantId, LeaseId, RequestId, SessionId } from "@holdfast/base/ids";
import type { AcquireCommand, Command } from "@holdfast/core/command/command";
import { limits } from "@holdfast/core/limits";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryCommand } from "../testing/arbitrary-commands.ts";
import { checkCommand, leasesPerHeartbeatMax } from "./command-rules.ts";

const uuid = "7f3c1f6e-8a1d-4c55-9b2e-0d7c1a2b3c4d" as RequestId;
const id = "AAAAAAAAAAAAAAAAAAAAA_";
const session = id as SessionId;
const grantId = id as GrantId;
const lock = { region: "us-east-1", namespace: "default", name: "order:1" };
const lease = { region: "us-east-1", shard: "s0", leaseId: 7n as LeaseId };

const acquire: AcquireCommand = {
  kind: "acquire",
  lock,
  scope: "local",
  mode: "exclusive",
  requestId: uuid,
  ttlMs: 2_000,
  waitMs: 0,
  owner: "",
  metadata: {},
};
const { ttlMs: _ttlMs, ...noOwner } = acquire;
const underSession: AcquireCommand = { ...noOwner, session };
const release = { kind: "release", lock, grantId, token: 1n, repeated: false } as const;
const renew = { kind: "renew", lock, grantId, token: 1n } as const;
const cancel = { kind: "cancel", lock, grantId } as const;
const open = { kind: "open-session", region: "r", ttlMs: 15_000, requestId: uuid } as const;
const heartbeat = { kind: "heartbeat", session, ttlMs: 15_000, leases: [], list: false } as const;
const force = {
  kind: "force-release",
  lock,
  requestId: "r" as RequestId,
  actor: "a",
  reason: "b",
} as const;

const globally: AcquireCommand = {
  ...acquire,
  lock: { ...lock, region: "global" },
  scope: "global",
  ttlMs: 5_000,
};
const inGlobal = { lock: globally.lock } as const;

function named(name: string): Command {
  return { ...acquire, lock: { ...lock, name } };
}

function spaced(namespace: string): Command {
  return { ...acquire, lock: { ...lock, namespace } };
}

function leases(count: number) {
  return Array.from({ length: count }, () => lease);
}

test("no command that obeys every rule is refused", () => {
  fc.assert(
    fc.property(arbitraryCommand, (command) => {
      expect(checkCommand(command)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test.each<[string, Command]>([
  ["a name of 256 bytes", named("n".repeat(limits.nameBytesMax))],
  ["a name of one byte", named("n")],
  ["a name of every character allowed", named("Az09._:@=+,~-/x")],
  ["a namespace of 64 bytes", spaced("n".repeat(limits.namespaceBytesMax))],
  ["a ttl of 2 s", { ...acquire, ttlMs: 2_000 }],
  ["a ttl of 1 h", { ...acquire, ttlMs: 3_600_000 }],
  ["a global ttl of 5 s", globally],
  ["a global owner of 64 bytes", { ...globally, owner: "é".repeat(32) }],
  ["global metadata of 256 bytes", { ...globally, metadata: { k: "v".repeat(255) } }],
  ["a renewal of a global lock for 5 s", { ...renew, ...inGlobal, ttlMs: 5_000 }],
  ["a release of a global lock with a ttl of 5 s", { ...release, ...inGlobal, ttlMs: 5_000 }],
  ["a cancel of a global lock with a ttl of 5 s", { ...cancel, ...inGlobal, ttlMs: 5_000 }],
  ["a session of 5 s for global locks", { ...open, region: "global", ttlMs: 5_000 }],
  ["a session of 2 s", { ...open, ttlMs: 2_000 }],
  ["a wait of 1 h", { ...acquire, waitMs: 3_600_000 }],
  ["an owner of 256 bytes", { ...acquire, owner: "é".repeat(128) }],
  ["metadata of 4,096 bytes", { ...acquire, metadata: { k: "v".repeat(4_095) } }],
  ["a request id of 128 bytes", { ...underSession, requestId: "r".repeat(128) as RequestId }],
  ["a request id of one byte", { ...underSession, requestId: "!" as RequestId }],
  ["a token of 2^63 - 1", { ...release, token: 2n ** 63n - 1n }],
  [
    "a lease id of 2^63 - 1",
    { ...heartbeat, leases: [{ ...lease, leaseId: (2n ** 63n - 1n) as LeaseId }] },
  ],
  ["1,000 leases", { ...heartbeat, leases: leases(leasesPerHeartbeatMax) }],
  ["an actor of 256 bytes", { ...force, actor: "a".repeat(256) }],
  ["a reason of 4,096 bytes", { ...force, reason: "a".repeat(4_096) }],
])("%s is accepted", (_what, command) => {
  expect(checkCommand(command)).toBeUndefined();
});

test.each<[string, Command, string]>([
  ["a name of 257 bytes", named("n".repeat(limits.nameBytesMax + 1)), "lock.name"],
  ["an empty name", named(""), "lock.name"],
  ["a name with NUL", named("a\0b"), "lock.name"],
  ["a name that climbs", named("a/../b"), "lock.name"],
  ["a name of a dot", named("."), "lock.name"],
  ["a name with an empty segment", named("a//b"), "lock.name"],
  ["a name that ends in a slash", named("a/"), "lock.name"],
  ["a name that begins with a slash", named("/a"), "lock.name"],
  ["a name with an unpaired surrogate", named("a\ud800"), "lock.name"],
  ["a name beyond ASCII", named("é"), "lock.name"],
  ["a namespace of 65 bytes", spaced("n".repeat(limits.namespaceBytesMax + 1)), "lock.namespace"],
  ["an empty namespace", spaced(""), "lock.namespace"],
  ["a namespace in capitals", spaced("A"), "lock.namespace"],
  [
    "a region of 65 bytes",
    { ...acquire, lock: { ...lock, region: "r".repeat(65) } },
    "lock.region",
  ],
  ["a ttl of 1,999 ms", { ...acquire, ttlMs: 1_999 }, "ttl_ms"],
  ["a ttl of 1 h and 1 ms", { ...acquire, ttlMs: 3_600_001 }, "ttl_ms"],
  ["a ttl with a fraction", { ...acquire, ttlMs: 2_000.5 }, "ttl_ms"],
  ["a global ttl of 4,999 ms", { ...globally, ttlMs: 4_999 }, "ttl_ms"],
  ["a global lock in a region", { ...globally, lock }, "lock.region"],
  ["a local lock in no region", { ...acquire, ...inGlobal }, "scope"],
  ["a global owner of 65 bytes", { ...globally, owner: `${"é".repeat(32)}x` }, "owner"],
  ["global metadata of 257 bytes", { ...globally, metadata: { k: "v".repeat(256) } }, "metadata"],
  ["a renewal of a global lock for 4,999 ms", { ...renew, ...inGlobal, ttlMs: 4_999 }, "ttl_ms"],
  ["a release of a global lock, 4,999 ms", { ...release, ...inGlobal, ttlMs: 4_999 }, "ttl_ms"],
  ["a cancel of a global lock, 4,999 ms", { ...cancel, ...inGlobal, ttlMs: 4_999 }, "ttl_ms"],
  ["a session of 4,999 ms for global locks", { ...open, region: "global", ttlMs: 4_999 }, "ttl_ms"],
  [
    "a lease in no region",
    { ...heartbeat, leases: [{ ...lease, region: "global" }] },
    "leases[0].region",
  ],
  ["neither a session nor a ttl", noOwner as AcquireCommand, "ttl_ms"],
  ["a session and a ttl", { ...underSession, ttlMs: 2_000 }, "ttl_ms"],
  ["a wait of 1 h and 1 ms", { ...acquire, waitMs: 3_600_001 }, "wait_ms"],
  ["a wait below zero", { ...acquire, waitMs: -1 }, "wait_ms"],
  ["an owner of 257 bytes", { ...acquire, owner: `${"é".repeat(128)}x` }, "owner"],
  ["an owner with an unpaired surrogate", { ...acquire, owner: "\udc00" }, "owner"],
  ["metadata of 4,097 bytes", { ...acquire, metadata: { k: "v".repeat(4_096) } }, "metadata"],
  ["metadata with an empty key", { ...acquire, metadata: { "": "v" } }, "metadata"],
  ["metadata with an unpaired surrogate", { ...acquire, metadata: { k: "\ud800" } }, "metadata"],
  ["no UUID without a session", { ...acquire, requestId: "r-1" as RequestId }, "request_id"],
  [
    "a UUID of version 1 without a session",
    { ...acquire, requestId: "c232ab00-9414-11ec-b3c8-9f6bdeced846" as RequestId },
    "request_id",
  ],
  [
    "a request id of 129 bytes",
    { ...underSession, requestId: "r".repeat(129) as RequestId },
    "request_id",
  ],
  ["an empty request id", { ...underSession, requestId: "" as RequestId }, "request_id"],
  ["a request id with a space", { ...underSession, requestId: "a b" as RequestId }, "request_id"],
  [
    "a session of 21 characters",
    { ...underSession, session: id.slice(1) as SessionId },
    "session_id",
  ],
  [
    "a session with a slash",
    { ...underSession, session: `${id.slice(1)}/` as SessionId },
    "session_id",
  ],
  ["a traceparent of something else", { ...acquire, traceparent: "00-xyz" }, "traceparent"],
  ["a token of 0", { ...release, token: 0n }, "token"],
  ["a token of 2^63", { ...renew, token: 2n ** 63n }, "token"],
  ["a grant id of 23 characters", { ...cancel, grantId: `${id}A` as GrantId }, "grant_id"],
  ["a release with a session and a ttl", { ...release, session, ttlMs: 2_000 }, "ttl_ms"],
  ["a renewal for 1,999 ms", { ...renew, ttlMs: 1_999 }, "ttl_ms"],
  ["a new session without a UUID", { ...open, requestId: "r" as RequestId }, "request_id"],
  ["a session ttl of 1,999 ms", { ...open, ttlMs: 1_999 }, "ttl_ms"],
  ["a session in no region", { ...open, region: "" }, "region"],
  ["a heartbeat without a ttl", { ...heartbeat, ttlMs: 0 }, "ttl_ms"],
  ["1,001 leases", { ...heartbeat, leases: leases(leasesPerHeartbeatMax + 1) }, "leases"],
  [
    "a lease of 0",
    { ...heartbeat, leases: [lease, { ...lease, leaseId: 0n as LeaseId }] },
    "leases[1].lease_id",
  ],
  [
    "a lease in no shard",
    { kind: "close-session", session, leases: [{ ...lease, shard: "" }] },
    "leases[0].shard",
  ],
  ["a force release by nobody", { ...force, actor: "" }, "actor"],
  ["a force release without a reason", { ...force, reason: "" }, "reason"],
  ["a reason of 4,097 bytes", { ...force, reason: "a".repeat(4_097) }, "reason"],
])("%s is refused, and the field named", (_what, command, field) => {
  expect(checkCommand(command)).toMatchObject({ code: "INVALID_ARGUMENT", field });
});
