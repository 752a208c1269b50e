import { type Failure, isFailure } from "@holdfast/base/failure";
import { eventKinds } from "@holdfast/core/audit/event-codec";
import type { LockId } from "@holdfast/core/lock/lock-id";
import { checkName, checkNamespace } from "@holdfast/core/lock/name";
import {
  ArchivedRequest,
  AtRequest,
  ContendedRequest,
  ExportRequest,
  SessionRequest,
  TailRequest,
  TimelineRequest,
  VerifyRequest,
} from "../generated/holdfast/audit/v1/audit_service.ts";
import type * as wire from "../generated/holdfast/v1/lock.ts";
import { decodeMessage } from "./decode-message.ts";
import { checkId, checkLock, checkPrefix, checkRange, refuse } from "./field-rules.ts";
import { checkPage } from "./query-codec.ts";
import { malformedRequest } from "./unary-codec.ts";

// On a server: reads and checks what is asked of the record. Rare next to commands, so the
// generated codec does; the types are those of the engine's AuditDesk.

/** The last millisecond of the year 9999, past which a day has no name. */
const lastMs = 253_402_300_799_999;
const pageSizeDefault = 100;
const contendedDefault = 10;

/** Bounds of what a request about the record may carry. */
export const auditLimits = {
  cursorBytesMax: 48 * 1024,
  kindsMax: 32,
  clusterCharsMax: 64,
  trustedMax: 64,
  writtenMax: 1_024,
  contendedMax: 1_000,
} as const;

const hashBytes = 32;
const dayPattern = /^\d{4}-\d{2}-\d{2}$/;

interface PageFields {
  readonly pageSize: number;
  readonly pageToken: string;
}

interface WindowFields {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The engine's `TailQuery`. */
interface TailFields {
  readonly cursor?: string;
  readonly fromMs?: number;
  readonly locks?: { readonly namespace: string; readonly name: string; readonly prefix: boolean };
  readonly kinds: readonly string[];
}

/** Reads a `TailRequest`. */
export function readTailRequest(bytes: Uint8Array): TailFields | Failure {
  const request = decodeMessage(TailRequest, bytes);
  if (request === undefined) return malformedRequest();
  const { cursor, kinds, namespace, name, prefix } = request;
  const fromMs = request.fromMs === undefined ? undefined : Number(request.fromMs);
  const found =
    (fromMs === undefined ? undefined : checkTime("from_ms", fromMs)) ??
    checkCursor(cursor) ??
    checkKinds(kinds) ??
    checkLocks(request);
  if (found !== undefined) return found;
  return {
    kinds,
    ...(cursor === "" ? {} : { cursor }),
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(namespace === "" ? {} : { locks: { namespace, name, prefix } }),
  };
}

/** Reads a `TimelineRequest`. */
export function readTimelineRequest(
  bytes: Uint8Array,
): ({ readonly lock: LockId } & PageFields & WindowFields) | Failure {
  const request = decodeMessage(TimelineRequest, bytes);
  if (request === undefined) return malformedRequest();
  const lock = lockIn(request.lock);
  const page = pageIn(request);
  const window = windowIn(request);
  const found = checkLock(lock) ?? checkWindow(window) ?? checkPage(page);
  return found ?? { lock, ...page, ...window };
}

/** Reads an `AtRequest`. */
export function readAtRequest(
  bytes: Uint8Array,
): { readonly lock: LockId; readonly atMs: number } | Failure {
  const request = decodeMessage(AtRequest, bytes);
  if (request === undefined) return malformedRequest();
  const lock = lockIn(request.lock);
  const atMs = Number(request.atMs);
  return checkLock(lock) ?? checkTime("at_ms", atMs) ?? { lock, atMs };
}

/** Reads a `SessionRequest`. */
export function readSessionRequest(
  bytes: Uint8Array,
): ({ readonly session: string } & PageFields) | Failure {
  const request = decodeMessage(SessionRequest, bytes);
  if (request === undefined) return malformedRequest();
  const { session } = request;
  const page = pageIn(request);
  return checkId("session", session) ?? checkPage(page) ?? { session, ...page };
}

/** Reads a `ContendedRequest`. */
export function readContendedRequest(
  bytes: Uint8Array,
): ({ readonly limit: number } & WindowFields) | Failure {
  const request = decodeMessage(ContendedRequest, bytes);
  if (request === undefined) return malformedRequest();
  const window = windowIn(request);
  const limit = request.limit || contendedDefault;
  const range = { min: 1, max: auditLimits.contendedMax };
  return checkWindow(window) ?? checkRange("limit", limit, range) ?? { limit, ...window };
}

/** The engine's `VerifyQuery`. */
interface VerifyFields {
  readonly cluster?: string;
  readonly trusted: readonly HeadFields[];
  readonly written: readonly HeadFields[];
  readonly hotOnly: boolean;
}

/** The core's `ChainHead`. */
interface HeadFields {
  readonly cluster: string;
  readonly sequence: bigint;
  readonly hash: Uint8Array;
}

/** Reads a `VerifyRequest`. */
export function readVerifyRequest(bytes: Uint8Array): VerifyFields | Failure {
  const request = decodeMessage(VerifyRequest, bytes);
  if (request === undefined) return malformedRequest();
  const { trusted, written, hotOnly } = request;
  const found =
    checkHeads("trusted", trusted, auditLimits.trustedMax) ??
    checkHeads("written", written, auditLimits.writtenMax) ??
    checkCluster("cluster", request.cluster);
  return found ?? { trusted, written, hotOnly, ...clusterIn(request) };
}

function checkHeads(
  field: string,
  heads: readonly HeadFields[],
  headsMax: number,
): Failure | undefined {
  if (heads.length > headsMax) return refuse(field, `${field} has at most ${headsMax} heads.`);
  for (const { cluster, sequence, hash } of heads) {
    if (cluster === "") return refuse(`${field}.cluster`, "A head says of which chain it is.");
    const found = checkCluster(`${field}.cluster`, cluster);
    if (found !== undefined) return found;
    if (hash.length !== hashBytes) {
      return refuse(`${field}.hash`, `A hash has ${hashBytes} bytes; this one has ${hash.length}.`);
    }
    if (sequence < 1n || sequence >= 2n ** 63n) {
      return refuse(`${field}.sequence`, "The number of a record is from 1 to 2^63 - 1.");
    }
  }
  return undefined;
}

/** Reads an `ExportRequest`. */
export function readExportRequest(
  bytes: Uint8Array,
): ({ readonly cluster?: string; readonly hotOnly: boolean } & WindowFields) | Failure {
  const request = decodeMessage(ExportRequest, bytes);
  if (request === undefined) return malformedRequest();
  const window = windowIn(request);
  const found = checkWindow(window) ?? checkCluster("cluster", request.cluster);
  const { hotOnly } = request;
  return found ?? { ...window, hotOnly, ...clusterIn(request) };
}

/** The engine's `ArchivedAsked`. */
interface ArchivedFields extends PageFields {
  readonly fromDay?: string;
  readonly toDay?: string;
  readonly cluster?: string;
}

/** Reads an `ArchivedRequest`. */
export function readArchivedRequest(bytes: Uint8Array): ArchivedFields | Failure {
  const request = decodeMessage(ArchivedRequest, bytes);
  if (request === undefined) return malformedRequest();
  const { fromDay, toDay } = request;
  const page = pageIn(request);
  const found =
    checkDay("from_day", fromDay) ??
    checkDay("to_day", toDay) ??
    checkCluster("cluster", request.cluster) ??
    checkPage(page);
  if (found !== undefined) return found;
  return {
    ...page,
    ...clusterIn(request),
    ...(fromDay === "" ? {} : { fromDay }),
    ...(toDay === "" ? {} : { toDay }),
  };
}

function lockIn(lock: wire.LockId | undefined): LockId {
  return lock ?? { region: "", namespace: "", name: "" };
}

function pageIn({ pageSize, pageToken }: PageFields): PageFields {
  return { pageSize: pageSize || pageSizeDefault, pageToken };
}

function windowIn({ fromMs, toMs }: { readonly fromMs: bigint; readonly toMs: bigint }) {
  return { fromMs: Number(fromMs), toMs: toMs === 0n ? lastMs : Number(toMs) };
}

function clusterIn({ cluster }: { readonly cluster: string }): { readonly cluster?: string } {
  return cluster === "" ? {} : { cluster };
}

function checkTime(field: string, atMs: number): Failure | undefined {
  if (atMs <= lastMs) return undefined;
  return refuse(field, `${field} is a time in milliseconds since 1970, before the year 10000.`);
}

function checkWindow({ fromMs, toMs }: WindowFields): Failure | undefined {
  const found = checkTime("from_ms", fromMs) ?? checkTime("to_ms", toMs);
  if (found !== undefined || fromMs <= toMs) return found;
  return refuse("to_ms", "to_ms is before from_ms: there is no such time.");
}

function checkCursor(cursor: string): Failure | undefined {
  if (cursor.length <= auditLimits.cursorBytesMax) return undefined;
  return refuse("cursor", "cursor is what an earlier answer's was.");
}

function checkKinds(kinds: readonly string[]): Failure | undefined {
  if (kinds.length > auditLimits.kindsMax) {
    return refuse("kinds", `kinds has at most ${auditLimits.kindsMax} names.`);
  }
  const odd = kinds.find((kind) => !eventKinds.has(kind));
  if (odd === undefined) return undefined;
  const known = [...eventKinds].sort().join(", ");
  const shown = JSON.stringify(odd.slice(0, 64).toWellFormed());
  return refuse("kinds", `${shown} is no event; they are ${known}.`);
}

function checkLocks({ namespace, name, prefix }: TailRequest): Failure | undefined {
  if (namespace !== "") {
    return checkNamespace(namespace) ?? (prefix ? checkPrefix("name", name) : checkName(name));
  }
  const isNothing = name === "" && !prefix;
  return isNothing ? undefined : refuse("namespace", "A name is one of a namespace: say which.");
}

function checkCluster(field: string, cluster: string): Failure | undefined {
  const isName = cluster.length <= auditLimits.clusterCharsMax && cluster.isWellFormed();
  if (isName && !cluster.includes("\0")) return undefined;
  const bound = auditLimits.clusterCharsMax;
  return refuse(field, `A chain's name has at most ${bound} characters, and no NUL.`);
}

function checkDay(field: string, day: string): Failure | undefined {
  if (day === "" || dayPattern.test(day)) return undefined;
  return refuse(field, `${field} is a day in UTC as YYYY-MM-DD.`);
}

/** Tells a request that was read from what is wrong with it. */
export function isRefused(read: object): read is Failure {
  return "kind" in read && isFailure(read as { kind: string });
}
