import { invariant } from "@holdfast/base/invariant";
import type { KeyValue } from "@holdfast/core/txn/txn";
import type { WatchEvent, WatchRequest } from "@holdfast/engine/ports/shard-store";
import { BackwardWriter } from "./backward-writer.ts";
import { MalformedMessage, Reader } from "./reader.ts";
import { readHeader, readKeyValue } from "./response.ts";
import { enums, tags } from "./tags.ts";

const writer = new BackwardWriter();

/** Keeps every event from a watch that is only there to be answered. */
const filterEverything = Uint8Array.of(0, 1);

/** One message of a watch stream. */
export interface WatchMessage {
  readonly clusterId: bigint;
  /** {@link noWatchId} where a watch could not be made. */
  readonly watchId: number;
  readonly created: boolean;
  readonly canceled: boolean;
  /** Above 0: the start revision has been compacted, and the watch is over. */
  readonly compactRevision: bigint;
  readonly cancelReason: string;
  /** More events of the last revision follow in the next message. */
  readonly fragment: boolean;
  /** In revision order. */
  readonly events: readonly WatchEvent[];
}

/** etcd's -1, cut to 32 bits. */
export const noWatchId = 0xffff_ffff;

/** Encodes the creation of a watch under an id of our choice. */
export function encodeWatchCreate(watchId: number, request: WatchRequest): Buffer {
  const { key, rangeEnd, startRevision, withPrevious = false } = request;
  invariant(startRevision > 0n, "a watch starts at a revision");
  invariant(rangeEnd === undefined || key < rangeEnd, "a range ends after its first key");
  writer.start();
  writer.small(tags.watchCreate.fragment, 1);
  writer.small(tags.watchCreate.watchId, watchId);
  if (withPrevious) writer.small(tags.watchCreate.prevKv, 1);
  writer.int64(tags.watchCreate.startRevision, startRevision);
  if (rangeEnd !== undefined) writer.text(tags.watchCreate.rangeEnd, rangeEnd);
  writer.text(tags.watchCreate.key, key);
  writer.nested(tags.watchRequest.create, 0);
  return writer.finish();
}

/** Encodes the creation of a watch that never has events: etcd's answer shows that it lives. */
export function encodeProbe(watchId: number): Buffer {
  writer.start();
  writer.small(tags.watchCreate.watchId, watchId);
  writer.bytes(tags.watchCreate.filters, filterEverything);
  writer.text(tags.watchCreate.key, "probe");
  writer.nested(tags.watchRequest.create, 0);
  return writer.finish();
}

/** Encodes the end of a watch. */
export function encodeWatchCancel(watchId: number): Buffer {
  writer.start();
  writer.small(tags.watchCancel.watchId, watchId);
  writer.nested(tags.watchRequest.cancel, 0);
  return writer.finish();
}

/** Decodes a WatchResponse. */
export function decodeWatch(buffer: Buffer): WatchMessage {
  const reader = new Reader(buffer);
  const events: WatchEvent[] = [];
  let clusterId = 0n;
  let watchId = 0;
  let created = false;
  let canceled = false;
  let fragment = false;
  let compactRevision = 0n;
  let cancelReason = "";
  const tag = tags.watchResponse;
  for (let next = reader.tag(reader.length); next !== 0; next = reader.tag(reader.length)) {
    if (next === tag.events) events.push(readEvent(reader));
    else if (next === tag.header) clusterId = readHeader(reader).clusterId;
    else if (next === tag.watchId) watchId = reader.number();
    else if (next === tag.created) created = reader.number() !== 0;
    else if (next === tag.canceled) canceled = reader.number() !== 0;
    else if (next === tag.fragment) fragment = reader.number() !== 0;
    else if (next === tag.compactRevision) compactRevision = reader.uint64();
    else if (next === tag.cancelReason) cancelReason = reader.text();
    else reader.skip(next);
  }
  const state = { created, canceled, compactRevision, cancelReason, fragment };
  return { clusterId, watchId, ...state, events };
}

function readEvent(reader: Reader): WatchEvent {
  const end = reader.enter();
  let kind: WatchEvent["kind"] = "put";
  let kv: KeyValue | undefined;
  let previous: KeyValue | undefined;
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag === tags.event.type) kind = reader.number() === enums.eventDelete ? "delete" : "put";
    else if (tag === tags.event.kv) kv = readKeyValue(reader);
    else if (tag === tags.event.prevKv) previous = readKeyValue(reader);
    else reader.skip(tag);
  }
  if (kv === undefined) throw new MalformedMessage("an event without a key");
  return previous === undefined ? { kind, kv } : { kind, kv, previous };
}
