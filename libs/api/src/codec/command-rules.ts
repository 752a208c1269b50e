import type { Failure } from "@holdfast/base/failure";
import type {
  AcquireCommand,
  CancelCommand,
  Command,
  ForceReleaseCommand,
  OpenSessionCommand,
  ReleaseCommand,
  RenewCommand,
  SessionLease,
} from "@holdfast/core/command/command";
import { limits } from "@holdfast/core/limits";
import { globalRegion, isGlobal, type LockId } from "@holdfast/core/lock/lock-id";
import { checkRegion } from "@holdfast/core/lock/name";
import {
  checkId,
  checkLease,
  checkLock,
  checkMetadata,
  checkRandomRequestId,
  checkRange,
  checkRequestId,
  checkText,
  checkToken,
  checkTraceparent,
  refuse,
  within,
} from "./field-rules.ts";

/** Leases one heartbeat may name: more shards than three regions have. */
export const leasesPerHeartbeatMax = 1_000;

/**
 * The first thing wrong with a command, or undefined: every limit of the API. The server checks
 * what it decoded; a client may check before it sends, for a string that cannot be written as UTF-8
 * would reach the server as another string.
 */
export function checkCommand(command: Command): Failure | undefined {
  switch (command.kind) {
    case "acquire":
      return checkAcquire(command);
    case "release":
      return checkRelease(command);
    case "renew":
      return checkRenew(command);
    case "cancel":
      return checkCancel(command);
    case "get":
      return checkLock(command.lock);
    case "force-release":
      return checkForceRelease(command);
    case "open-session":
      return checkOpenSession(command);
    case "heartbeat":
      return (
        checkId("session_id", command.session) ??
        checkRange("ttl_ms", command.ttlMs, limits.localTtlMs) ??
        checkLeases(command.leases)
      );
    case "close-session":
      return checkId("session_id", command.session) ?? checkLeases(command.leases);
  }
}

function checkAcquire(command: AcquireCommand): Failure | undefined {
  return (
    checkLock(command.lock) ??
    checkScope(command) ??
    checkOwner(command) ??
    (command.waitMs === 0
      ? undefined
      : checkRange("wait_ms", command.waitMs, { min: 0, max: limits.waitMsMax })) ??
    checkSaid(command) ??
    (command.traceparent === undefined ? undefined : checkTraceparent(command.traceparent))
  );
}

/** The scope and the region say the same. */
function checkScope({ lock, scope }: AcquireCommand): Failure | undefined {
  if (isGlobal(lock) === (scope === "global")) return undefined;
  return scope === "global"
    ? refuse(
        "lock.region",
        `A global lock lies in no region; lock.region is "global" or empty, not "${lock.region}".`,
      )
    : refuse("scope", 'A lock of the region "global" is a global one: its scope is not local.');
}

/** What the caller says about itself; less of it where three regions keep it in one value. */
function checkSaid({ scope, owner, metadata }: AcquireCommand): Failure | undefined {
  const global = scope === "global";
  return (
    checkText("owner", owner, {
      min: 0,
      max: global ? limits.globalOwnerBytesMax : limits.ownerBytesMax,
    }) ?? checkMetadata(metadata, global ? limits.globalMetadataBytesMax : limits.metadataBytesMax)
  );
}

/** Under a session, or under a ttl of its own. */
function checkOwner(command: AcquireCommand): Failure | undefined {
  if (command.session !== undefined) {
    if (command.ttlMs !== undefined) {
      return refuse("ttl_ms", "A grant under a session lives as long as the session: no ttl_ms.");
    }
    return checkId("session_id", command.session) ?? checkRequestId(command.requestId);
  }
  if (command.ttlMs === undefined) {
    return refuse(
      "ttl_ms",
      "An acquire has either a session_id or a ttl_ms; this one has neither.",
    );
  }
  return checkTtl(command.lock, command.ttlMs) ?? checkRandomRequestId(command.requestId);
}

function checkRelease(command: ReleaseCommand): Failure | undefined {
  return (
    checkLock(command.lock) ??
    checkId("grant_id", command.grantId) ??
    checkToken(command.token) ??
    checkTombstone(command)
  );
}

function checkRenew(command: RenewCommand): Failure | undefined {
  return (
    checkLock(command.lock) ??
    checkId("grant_id", command.grantId) ??
    checkToken(command.token) ??
    checkTtl(command.lock, command.ttlMs)
  );
}

function checkCancel(command: CancelCommand): Failure | undefined {
  return checkLock(command.lock) ?? checkId("grant_id", command.grantId) ?? checkTombstone(command);
}

/** What a tombstone would stand under. */
function checkTombstone(command: ReleaseCommand | CancelCommand): Failure | undefined {
  if (command.session === undefined) return checkTtl(command.lock, command.ttlMs);
  if (command.ttlMs !== undefined) {
    return refuse("ttl_ms", "A grant under a session has no ttl_ms of its own.");
  }
  return checkId("session_id", command.session);
}

/** Of a grant in that region, or of a session that begins there. */
function checkTtl(place: Pick<LockId, "region">, ttlMs: number | undefined): Failure | undefined {
  const range = place.region === globalRegion ? limits.globalTtlMs : limits.localTtlMs;
  return ttlMs === undefined ? undefined : checkRange("ttl_ms", ttlMs, range);
}

function checkForceRelease(command: ForceReleaseCommand): Failure | undefined {
  return (
    checkLock(command.lock) ??
    checkRequestId(command.requestId) ??
    checkText("actor", command.actor, { min: 1, max: limits.ownerBytesMax }) ??
    checkText("reason", command.reason, { min: 1, max: limits.metadataBytesMax }) ??
    (command.grantId === undefined ? undefined : checkId("grant_id", command.grantId))
  );
}

function checkOpenSession(command: OpenSessionCommand): Failure | undefined {
  return (
    checkRegion(command.region) ??
    checkTtl(command, command.ttlMs) ??
    (command.session === undefined
      ? checkRandomRequestId(command.requestId)
      : (checkId("session_id", command.session) ?? checkRequestId(command.requestId)))
  );
}

function checkLeases(leases: readonly SessionLease[]): Failure | undefined {
  if (leases.length > leasesPerHeartbeatMax) {
    return refuse(
      "leases",
      `At most ${leasesPerHeartbeatMax} leases in one request; these are ${leases.length}.`,
    );
  }
  for (const [index, lease] of leases.entries()) {
    const found = checkLease(lease);
    if (found !== undefined) return within(`leases[${index}]`, found);
  }
  return undefined;
}
