import { type Failure, isFailure } from "@holdfast/base/failure";
import type { GrantId, RequestId, SessionId } from "@holdfast/base/ids";
import type {
  AcquireCommand,
  CancelCommand,
  CloseSessionCommand,
  Command,
  ForceReleaseCommand,
  GetCommand,
  HeartbeatCommand,
  OpenSessionCommand,
  ReleaseCommand,
  RenewCommand,
  SessionLease,
} from "@holdfast/core/command/command";
import { sessionTtlDefaultMs } from "@holdfast/core/limits";
import { globalRegion, isGlobal, type LockId, type Mode } from "@holdfast/core/lock/lock-id";
import { endOfMessage, type WireReader } from "../wire/wire-reader.ts";
import { checkCommand } from "./command-rules.ts";
import { badConsistency, refuse } from "./field-rules.ts";
import { noMetadata, readLease, readLock, readMetadata } from "./shared-decode.ts";
import { consistencyOf, modeOf, scopeOf } from "./vocabulary.ts";

/**
 * Reads the request message of a kind and checks every field of it. `region` is what an empty
 * region means. Look at the reader's `malformed` afterwards: if it is set, the result means
 * nothing.
 */
export function readRequest(
  reader: WireReader,
  kind: Command["kind"],
  region: string,
): Command | Failure {
  reader.badText = undefined;
  const command = readers[kind](reader, region);
  if (isFailure(command)) return command;
  const field = reader.badText;
  if (field !== undefined) return refuse(field, `${field} is not valid UTF-8.`);
  return checkCommand(command) ?? command;
}

const readers: Record<Command["kind"], (reader: WireReader, region: string) => Command | Failure> =
  {
    acquire: readAcquire,
    release: readRelease,
    renew: readRenew,
    cancel: readCancel,
    get: readGet,
    "force-release": readForceRelease,
    "open-session": readOpen,
    heartbeat: readKeepAlive,
    "close-session": readClose,
  };

/**
 * Optional fields are put in afterwards: spreading them into a literal costs more than reading
 * them.
 */
type Building<T> = { -readonly [Field in keyof T]: T[Field] };

/** A lock that was not sent; it fails the check of its name. */
function noLock(region: string): Building<LockId> {
  return { region, namespace: "", name: "" };
}

function badMode(number: number): Failure {
  return refuse("mode", `There is no mode ${number}; 1 is exclusive, 2 is shared.`);
}

function readAcquire(reader: WireReader, region: string): AcquireCommand | Failure {
  let lock: Building<LockId> | undefined;
  let scopeNumber = 0;
  let modeNumber = 0;
  let requestId = "";
  let session = "";
  let ttlMs = 0;
  let waitMs = 0;
  let owner = "";
  let metadata = noMetadata;
  let traceparent = "";
  let resent = false;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    // Which region an empty one means depends on the scope, which may come later.
    if (tag === 0x0a) lock = readLock(reader, "");
    else if (tag === 0x10) scopeNumber = reader.varint();
    else if (tag === 0x18) modeNumber = reader.varint();
    else if (tag === 0x22) requestId = reader.text("request_id");
    else if (tag === 0x2a) session = reader.commonText("session_id");
    else if (tag === 0x30) ttlMs = reader.varint();
    else if (tag === 0x38) waitMs = reader.varint();
    else if (tag === 0x42) owner = reader.commonText("owner");
    else if (tag === 0x4a) metadata = readMetadata(reader, metadata);
    else if (tag === 0x52) traceparent = reader.text("traceparent");
    else if (tag === 0x58) resent = reader.varint() !== 0;
    else reader.skip(tag);
  }
  lock ??= noLock("");
  const unsaid = isGlobal(lock) ? "global" : "local";
  const scope = scopeNumber === 0 ? unsaid : scopeOf(scopeNumber);
  if (scope === undefined) {
    return refuse("scope", `There is no scope ${scopeNumber}; 1 is local, 2 is global.`);
  }
  const mode = modeNumber === 0 ? "exclusive" : modeOf(modeNumber);
  if (mode === undefined) return badMode(modeNumber);
  if (lock.region === "") lock.region = scope === "global" ? globalRegion : region;
  const command: Building<AcquireCommand> = {
    kind: "acquire",
    lock,
    scope,
    mode,
    requestId: requestId as RequestId,
    waitMs,
    owner,
    metadata,
  };
  if (session !== "") command.session = session as SessionId;
  if (ttlMs !== 0) command.ttlMs = ttlMs;
  if (traceparent !== "") command.traceparent = traceparent;
  if (resent) command.resent = true;
  return command;
}

function readRelease(reader: WireReader, region: string): ReleaseCommand | Failure {
  let lock: LockId | undefined;
  let grantId = "";
  let token = 0n;
  let modeNumber = 0;
  let session = "";
  let repeated = false;
  let ttlMs = 0;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) lock = readLock(reader, region);
    else if (tag === 0x12) grantId = reader.text("grant_id");
    else if (tag === 0x18) token = reader.uint64();
    else if (tag === 0x20) modeNumber = reader.varint();
    else if (tag === 0x2a) session = reader.commonText("session_id");
    else if (tag === 0x30) repeated = reader.varint() !== 0;
    else if (tag === 0x38) ttlMs = reader.varint();
    else reader.skip(tag);
  }
  let mode: Mode | undefined;
  if (modeNumber !== 0) {
    mode = modeOf(modeNumber);
    if (mode === undefined) return badMode(modeNumber);
  }
  const command: Building<ReleaseCommand> = {
    kind: "release",
    lock: lock ?? noLock(region),
    grantId: grantId as GrantId,
    token,
    repeated,
  };
  if (mode !== undefined) command.mode = mode;
  if (session !== "") command.session = session as SessionId;
  if (ttlMs !== 0) command.ttlMs = ttlMs;
  return command;
}

function readRenew(reader: WireReader, region: string): RenewCommand {
  let lock: LockId | undefined;
  let grantId = "";
  let token = 0n;
  let ttlMs = 0;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) lock = readLock(reader, region);
    else if (tag === 0x12) grantId = reader.text("grant_id");
    else if (tag === 0x18) token = reader.uint64();
    else if (tag === 0x20) ttlMs = reader.varint();
    else reader.skip(tag);
  }
  const command: Building<RenewCommand> = {
    kind: "renew",
    lock: lock ?? noLock(region),
    grantId: grantId as GrantId,
    token,
  };
  if (ttlMs !== 0) command.ttlMs = ttlMs;
  return command;
}

function readCancel(reader: WireReader, region: string): CancelCommand {
  let lock: LockId | undefined;
  let grantId = "";
  let session = "";
  let ttlMs = 0;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) lock = readLock(reader, region);
    else if (tag === 0x12) grantId = reader.text("grant_id");
    else if (tag === 0x1a) session = reader.commonText("session_id");
    else if (tag === 0x20) ttlMs = reader.varint();
    else reader.skip(tag);
  }
  const command: Building<CancelCommand> = {
    kind: "cancel",
    lock: lock ?? noLock(region),
    grantId: grantId as GrantId,
  };
  if (session !== "") command.session = session as SessionId;
  if (ttlMs !== 0) command.ttlMs = ttlMs;
  return command;
}

function readGet(reader: WireReader, region: string): GetCommand | Failure {
  let lock: LockId | undefined;
  let number = 0;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) lock = readLock(reader, region);
    else if (tag === 0x10) number = reader.varint();
    else reader.skip(tag);
  }
  const command: Building<GetCommand> = { kind: "get", lock: lock ?? noLock(region) };
  if (number === 0) return command;
  const consistency = consistencyOf(number);
  if (consistency === undefined) return badConsistency(number);
  command.consistency = consistency;
  return command;
}

function readForceRelease(reader: WireReader, region: string): ForceReleaseCommand {
  let lock: LockId | undefined;
  let requestId = "";
  let actor = "";
  let reason = "";
  let grantId = "";
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) lock = readLock(reader, region);
    else if (tag === 0x12) requestId = reader.text("request_id");
    else if (tag === 0x1a) actor = reader.text("actor");
    else if (tag === 0x22) reason = reader.text("reason");
    else if (tag === 0x2a) grantId = reader.text("grant_id");
    else reader.skip(tag);
  }
  return {
    kind: "force-release",
    lock: lock ?? noLock(region),
    requestId: requestId as RequestId,
    actor,
    reason,
    ...(grantId !== "" && { grantId: grantId as GrantId }),
  };
}

function readOpen(reader: WireReader, region: string): OpenSessionCommand {
  let wanted = "";
  let ttlMs = 0;
  let requestId = "";
  let session = "";
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) wanted = reader.commonText("region");
    else if (tag === 0x10) ttlMs = reader.varint();
    else if (tag === 0x1a) requestId = reader.text("request_id");
    else if (tag === 0x22) session = reader.commonText("session_id");
    else reader.skip(tag);
  }
  return {
    kind: "open-session",
    region: wanted || region,
    ttlMs: ttlMs || sessionTtlDefaultMs,
    requestId: requestId as RequestId,
    ...(session !== "" && { session: session as SessionId }),
  };
}

function readKeepAlive(reader: WireReader): HeartbeatCommand {
  let session = "";
  let ttlMs = 0;
  const leases: SessionLease[] = [];
  let list = false;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) session = reader.commonText("session_id");
    else if (tag === 0x10) ttlMs = reader.varint();
    else if (tag === 0x1a) leases.push(readLease(reader));
    else if (tag === 0x20) list = reader.varint() !== 0;
    else reader.skip(tag);
  }
  return { kind: "heartbeat", session: session as SessionId, ttlMs, leases, list };
}

function readClose(reader: WireReader): CloseSessionCommand {
  let session = "";
  const leases: SessionLease[] = [];
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) session = reader.commonText("session_id");
    else if (tag === 0x12) leases.push(readLease(reader));
    else reader.skip(tag);
  }
  return { kind: "close-session", session: session as SessionId, leases };
}
