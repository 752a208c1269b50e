import { type Failure, failure } from "@holdfast/base/failure";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { Command, SessionLease } from "@holdfast/core/command/command";
import type {
  AcquireOutcome,
  Confirmation,
  ForceReleaseOutcome,
  Grant,
  HeartbeatOutcome,
  HeldEntry,
  LeaseAnswer,
  LockState,
  OpenSessionOutcome,
  Outcome,
  RegionVote,
  RenewOutcome,
  Tenant,
} from "@holdfast/core/command/outcome";
import type { LockId } from "@holdfast/core/lock/lock-id";
import { HeldKind } from "../generated/holdfast/v1/session.ts";
import { endOfMessage, type WireReader } from "../wire/wire-reader.ts";
import { readLease, readLock, readTenant } from "./shared-decode.ts";
import { failureCodeOf, modeOf } from "./vocabulary.ts";
import { readVote } from "./vote-codec.ts";

const nowhere: LockId = { region: "", namespace: "", name: "" };

/**
 * Reads the response message that answers a command of `kind`. Undefined where it lacks what the
 * client cannot go on without: a server that speaks another protocol. Look at the reader's
 * `malformed` too.
 */
export function readResponse(reader: WireReader, kind: Command["kind"]): Outcome | undefined {
  switch (kind) {
    case "acquire":
      return readAcquireResponse(reader);
    case "release":
      return { kind: "released", handedOver: readNumber(reader) !== 0 };
    case "renew":
      return readRenewed(reader);
    case "cancel":
      return { kind: "cancelled", found: readNumber(reader) !== 0 };
    case "get":
      return readLockState(reader);
    case "force-release":
      return readForceReleased(reader);
    case "open-session":
      return readOpened(reader);
    case "heartbeat":
      return readLeaseAnswers(reader);
    case "close-session":
      readNumber(reader);
      return { kind: "closed" };
  }
}

/** Reads the fields of an `AcquireResponse`. */
export function readAcquireResponse(reader: WireReader): AcquireOutcome | undefined {
  let outcome: AcquireOutcome | undefined;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) {
      const grant = readGrant(reader);
      outcome = grant && { kind: "granted", grant };
    } else if (tag === 0x12) outcome = { kind: "held", ...readHolders(reader) };
    else if (tag === 0x1a) {
      const { holders, queueLength } = readHolders(reader);
      outcome = { kind: "timeout", holders, queueLength };
    } else if (tag === 0x22) {
      reader.skip(tag);
      outcome = { kind: "cancelled" };
    } else if (tag === 0x2a) outcome = { kind: "deadlock", cycle: readCycle(reader) };
    else reader.skip(tag);
  }
  return outcome;
}

/** Reads the fields of a `Failure`. A code that is not known here could be anything. */
export function readFailure(reader: WireReader): Failure {
  let code = 0;
  let message = "";
  let field = "";
  let shard = "";
  const regions: string[] = [];
  let retryAfterMs: number | undefined;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x08) code = reader.varint();
    else if (tag === 0x12) message = reader.text("message");
    else if (tag === 0x1a) field = reader.text("field");
    else if (tag === 0x22) shard = reader.commonText("shard");
    else if (tag === 0x2a) regions.push(reader.commonText("regions"));
    else if (tag === 0x30) retryAfterMs = reader.varint();
    else reader.skip(tag);
  }
  return failure(failureCodeOf(code) ?? "UNKNOWN_OUTCOME", message, {
    ...(field !== "" && { field }),
    ...(shard !== "" && { shard }),
    ...(regions.length > 0 && { regions }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function readGrant(reader: WireReader): Grant | undefined {
  let lock: LockId | undefined;
  let grantId = "";
  let mode = 0;
  let token = 0n;
  let validForMs = 0;
  let lease: SessionLease | undefined;
  const regions: string[] = [];
  let validFrom: Grant["validFrom"] = "first-send";
  const confirmed: Confirmation[] = [];
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) lock = readLock(reader, "");
    else if (tag === 0x12) grantId = reader.text("grant_id");
    else if (tag === 0x18) mode = reader.varint();
    else if (tag === 0x20) token = reader.uint64();
    else if (tag === 0x28) validForMs = reader.varint();
    else if (tag === 0x32) lease = readLease(reader);
    else if (tag === 0x3a) regions.push(reader.commonText("regions"));
    else if (tag === 0x40) validFrom = reader.varint() !== 0 ? "this-send" : "first-send";
    else if (tag === 0x4a) {
      const confirmation = readConfirmation(reader);
      if (confirmation !== undefined) confirmed.push(confirmation);
    } else reader.skip(tag);
  }
  reader.leave(outer);
  const known = modeOf(mode);
  if (lock === undefined || lease === undefined || known === undefined) return undefined;
  return {
    lock,
    grantId: grantId as GrantId,
    mode: known,
    token,
    validForMs,
    validFrom,
    lease,
    regions,
    ...(confirmed.length > 0 && { confirmed }),
  };
}

function readRenewed(reader: WireReader): RenewOutcome {
  let validForMs = 0;
  const confirmed: Confirmation[] = [];
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x08) validForMs = reader.varint();
    else if (tag === 0x12) {
      const confirmation = readConfirmation(reader);
      if (confirmation !== undefined) confirmed.push(confirmation);
    } else reader.skip(tag);
  }
  return { kind: "renewed", validForMs, ...(confirmed.length > 0 && { confirmed }) };
}

/** Undefined without a lease: nobody could keep it alive, so it holds nothing up. */
function readConfirmation(reader: WireReader): Confirmation | undefined {
  let lease: SessionLease | undefined;
  let validForMs = 0;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) lease = readLease(reader);
    else if (tag === 0x10) validForMs = reader.varint();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return lease && { lease, validForMs };
}

function readHolders(reader: WireReader): {
  holders: readonly Tenant[];
  queueLength: number;
  retryAfterMs: number;
} {
  const holders: Tenant[] = [];
  let queueLength = 0;
  let retryAfterMs = 0;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) holders.push(readTenant(reader));
    else if (tag === 0x10) queueLength = reader.varint();
    else if (tag === 0x18) retryAfterMs = reader.varint();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { holders, queueLength, retryAfterMs };
}

function readCycle(reader: WireReader): string[] {
  const cycle: string[] = [];
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) cycle.push(reader.text("cycle"));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return cycle;
}

function readLockState(reader: WireReader): LockState {
  const holders: Tenant[] = [];
  const waiters: Tenant[] = [];
  let lock = nowhere;
  let shard = "";
  let slot = 0;
  let holderCount = 0;
  let waiterCount = 0;
  let revision = 0n;
  const votes: RegionVote[] = [];
  let ageMs = 0;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) lock = readLock(reader, "");
    else if (tag === 0x12) shard = reader.commonText("shard");
    else if (tag === 0x18) slot = reader.varint();
    else if (tag === 0x22) holders.push(readTenant(reader));
    else if (tag === 0x2a) waiters.push(readTenant(reader));
    else if (tag === 0x30) holderCount = reader.varint();
    else if (tag === 0x38) waiterCount = reader.varint();
    else if (tag === 0x40) revision = reader.uint64();
    else if (tag === 0x4a) {
      const vote = readVote(reader);
      if (vote !== undefined) votes.push(vote);
    } else if (tag === 0x50) ageMs = reader.varint();
    else reader.skip(tag);
  }
  const state = { lock, shard, slot, holders, waiters, holderCount, waiterCount, revision };
  return {
    kind: "lock",
    ...state,
    ...(votes.length > 0 && { votes }),
    ...(ageMs > 0 && { ageMs }),
  };
}

function readOpened(reader: WireReader): OpenSessionOutcome | undefined {
  let session = "";
  let ttlMs = 0;
  let lease: SessionLease | undefined;
  let validForMs = 0;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) session = reader.text("session_id");
    else if (tag === 0x10) ttlMs = reader.varint();
    else if (tag === 0x1a) lease = readLease(reader);
    else if (tag === 0x20) validForMs = reader.varint();
    else reader.skip(tag);
  }
  if (lease === undefined) return undefined;
  return { kind: "opened", session: session as SessionId, ttlMs, lease, validForMs };
}

function readLeaseAnswers(reader: WireReader): HeartbeatOutcome {
  const leases: LeaseAnswer[] = [];
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) {
      const answer = readLeaseAnswer(reader);
      if (answer !== undefined) leases.push(answer);
    } else reader.skip(tag);
  }
  return { kind: "heartbeat", leases };
}

function readLeaseAnswer(reader: WireReader): LeaseAnswer | undefined {
  let lease: SessionLease | undefined;
  let validForMs = 0;
  let unknown = false;
  let held: HeldEntry[] | undefined;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) lease = readLease(reader);
    else if (tag === 0x10) validForMs = reader.varint();
    else if (tag === 0x18) unknown = reader.varint() !== 0;
    else if (tag === 0x22) held = readHeldList(reader);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return lease && { lease, validForMs, unknown, ...(held !== undefined && { held }) };
}

function readHeldList(reader: WireReader): HeldEntry[] {
  const entries: HeldEntry[] = [];
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) entries.push(readHeldEntry(reader));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return entries;
}

function readHeldEntry(reader: WireReader): HeldEntry {
  let kind = 0;
  let lock = nowhere;
  let grantId = "";
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x08) kind = reader.varint();
    else if (tag === 0x12) lock = readLock(reader, "");
    else if (tag === 0x1a) grantId = reader.text("grant_id");
    else reader.skip(tag);
  }
  reader.leave(outer);
  const known = kind === HeldKind.HELD_KIND_WAITER ? "waiter" : "holder";
  return { kind: known, lock, grantId: grantId as GrantId };
}

function readForceReleased(reader: WireReader): ForceReleaseOutcome {
  const released: Tenant[] = [];
  let releasedCount = 0;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) released.push(readTenant(reader));
    else if (tag === 0x10) releasedCount = reader.varint();
    else reader.skip(tag);
  }
  const unnamed = releasedCount > released.length;
  return { kind: "force-released", released, ...(unnamed && { releasedCount }) };
}

/** The one number of a message that has no more than one. */
function readNumber(reader: WireReader): number {
  let number = 0;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x08) number = reader.varint();
    else reader.skip(tag);
  }
  return number;
}
