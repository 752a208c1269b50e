import type { Failure } from "@holdfast/base/failure";
import type { GrantId } from "@holdfast/base/ids";
import type { Consistency } from "@holdfast/core/command/command";
import type { Tenant } from "@holdfast/core/command/outcome";
import { limits } from "@holdfast/core/limits";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import type { LockId } from "@holdfast/core/lock/lock-id";
import { checkName } from "@holdfast/core/lock/name";
import type * as wire from "../generated/holdfast/v1/lock.ts";
import {
  ListRequest,
  ListResponse,
  WatchRequest,
  WatchResponse,
} from "../generated/holdfast/v1/lock_service.ts";
import { decodeMessage } from "./decode-message.ts";
import { badConsistency, checkPlace, checkPrefix, checkRange, refuse } from "./field-rules.ts";
import { wholeDown, wholeUp } from "./shared-encode.ts";
import { malformedRequest } from "./unary-codec.ts";
import {
  consistencyNumber,
  consistencyOf,
  eventKindNumber,
  eventKindOf,
  modeNumber,
  modeOf,
} from "./vocabulary.ts";

// Lists and watches are rare next to commands, so the generated codec does for them.

/** Opaque, and bounded because it is kept and copied like any input. */
const pageTokenBytesMax = 2_048;
const pageSizeDefault = 100;

/** Which locks to list; the engine's `ListQuery`. */
export interface ListFields {
  readonly region: string;
  readonly namespace: string;
  readonly prefix: string;
  readonly pageSize: number;
  readonly pageToken: string;
  readonly consistency?: Consistency;
}

/** Which locks to watch; the engine's `WatchQuery`. */
export interface WatchFields {
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly prefix: boolean;
  readonly withCurrent: boolean;
}

/** A page of holders; the engine's `ListPage`. */
export interface ListedPage {
  readonly kind: "page";
  readonly locks: readonly { readonly lock: LockId; readonly holder: Tenant }[];
  readonly nextPageToken: string;
  readonly ageMs?: number;
}

/** On a server: reads and checks a `ListRequest`. */
export function readListRequest(bytes: Uint8Array, region: string): ListFields | Failure {
  const request = decodeMessage(ListRequest, bytes);
  if (request === undefined) return malformedRequest();
  const consistency = consistencyOf(request.consistency);
  const query = {
    region: request.region || region,
    namespace: request.namespace,
    prefix: request.prefix,
    pageSize: request.pageSize || pageSizeDefault,
    pageToken: request.pageToken,
    ...(consistency !== undefined && { consistency }),
  };
  if (consistency === undefined && request.consistency !== 0) {
    return badConsistency(request.consistency);
  }
  return (
    checkPlace(query.region, query.namespace) ??
    checkPrefix("prefix", query.prefix) ??
    checkPage(query) ??
    query
  );
}

/** The size and the token of a page, of locks or of sessions. */
export function checkPage(page: {
  readonly pageSize: number;
  readonly pageToken: string;
}): Failure | undefined {
  const found = checkRange("page_size", page.pageSize, { min: 1, max: limits.pageSizeMax });
  if (found !== undefined) return found;
  if (page.pageToken.length <= pageTokenBytesMax) return undefined;
  return refuse("page_token", "page_token is what next_page_token was.");
}

/** On a client. */
export function writeListRequest(query: ListFields): Uint8Array {
  const { consistency, ...fields } = query;
  const number = consistency === undefined ? 0 : consistencyNumber(consistency);
  return ListRequest.encode({ ...fields, consistency: number }).finish();
}

/** On a server. */
export function writeListResponse(page: ListedPage): Uint8Array {
  const locks = page.locks.map(({ lock, holder }) => ({ lock, holder: wireTenant(holder) }));
  const { nextPageToken, ageMs = 0 } = page;
  return ListResponse.encode({ locks, nextPageToken, ageMs: wholeUp(ageMs) }).finish();
}

/** On a client; undefined where the bytes are no `ListResponse`. */
export function readListResponse(bytes: Uint8Array): ListedPage | undefined {
  const response = decodeMessage(ListResponse, bytes);
  if (response === undefined) return undefined;
  const locks = response.locks.map(({ lock, holder }) => ({
    lock: lock ?? noLock,
    holder: coreTenant(holder),
  }));
  const { nextPageToken, ageMs } = response;
  return { kind: "page", locks, nextPageToken, ...(ageMs > 0 && { ageMs }) };
}

/** On a server: reads and checks a `WatchRequest`. */
export function readWatchRequest(bytes: Uint8Array, region: string): WatchFields | Failure {
  const request = decodeMessage(WatchRequest, bytes);
  if (request === undefined) return malformedRequest();
  const query = { ...request, region: request.region || region };
  return (
    checkPlace(query.region, query.namespace) ??
    (query.prefix ? checkPrefix("name", query.name) : checkName(query.name)) ??
    query
  );
}

/** On a client. */
export function writeWatchRequest(query: WatchFields): Uint8Array {
  return WatchRequest.encode(query).finish();
}

/** On a server. */
export function writeWatchResponse(events: readonly LockEvent[]): Uint8Array {
  const wireEvents = events.map((event) => ({
    kind: eventKindNumber(event.kind),
    lock: event.lock,
    tenant: wireTenant(event.tenant),
    shard: event.shard,
    revision: event.revision,
  }));
  return WatchResponse.encode({ events: wireEvents }).finish();
}

/**
 * On a client; undefined where the bytes are no `WatchResponse`. Events it does not know are left
 * out.
 */
export function readWatchResponse(bytes: Uint8Array): LockEvent[] | undefined {
  const response = decodeMessage(WatchResponse, bytes);
  return response?.events.flatMap((event) => {
    const kind = eventKindOf(event.kind);
    if (kind === undefined) return [];
    return {
      kind,
      lock: event.lock ?? noLock,
      tenant: coreTenant(event.tenant),
      shard: event.shard,
      revision: event.revision,
    };
  });
}

const noLock: LockId = { region: "", namespace: "", name: "" };

function wireTenant(tenant: Tenant): wire.Tenant {
  return {
    grantId: tenant.grantId,
    mode: modeNumber(tenant.mode),
    owner: tenant.owner,
    metadata: { ...tenant.metadata },
    token: tenant.token,
    ageMs: BigInt(wholeDown(tenant.ageMs)),
    hasSession: tenant.hasSession,
    ttlMs: wholeDown(tenant.ttlMs),
  };
}

function coreTenant(tenant: wire.Tenant | undefined): Tenant {
  return {
    grantId: (tenant?.grantId ?? "") as GrantId,
    mode: modeOf(tenant?.mode ?? 0) ?? "exclusive",
    owner: tenant?.owner ?? "",
    metadata: tenant?.metadata ?? {},
    token: tenant?.token ?? 0n,
    ageMs: Number(tenant?.ageMs ?? 0n),
    hasSession: tenant?.hasSession ?? false,
    ttlMs: tenant?.ttlMs ?? 0,
  };
}
