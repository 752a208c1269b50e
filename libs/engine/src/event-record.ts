import { pooledUtf8, utf8Text } from "@holdfast/base/bytes";
import { isTraceparent } from "@holdfast/base/tracer";
import { append, type ChainHead, type Link } from "@holdfast/core/audit/chain";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { type DecodedEvent, decodeEvent } from "@holdfast/core/audit/event-codec";
import type { EventRecord } from "./ports/event-log.ts";

/** The topic that journals write and auditors read. */
export const eventsTopic = "holdfast.events.v1";

/**
 * The header that every record has: the number of the record in the chain of its cluster, in
 * decimal, a point, and the hash of the record before it, in base64url. Every header more costs
 * each record dear.
 */
const chainHeader = "chain";

/** The trace context of the acquire that the event came of, where its trace is kept. */
const traceHeader = "traceparent";

/**
 * A linked event as it lies in the topic: the value is the event's line, which the chain covers,
 * and the header holds what else the chain needs. The hash itself is not in it: it is that of what
 * is there, so whatever was changed on the way shows in the next record.
 */
export function eventRecord(event: AuditEvent, link: Link, traceparent?: string): EventRecord {
  const chain = `${link.sequence}.${base64url(link.previous)}`;
  return {
    key: pooledUtf8(partitionKey(event)),
    value: link.bytes,
    headers: {
      [chainHeader]: chain,
      ...(traceparent !== undefined && { [traceHeader]: traceparent }),
    },
  };
}

/** The trace context that a record bears; undefined where it bears none that is one. */
export function recordTrace({ headers }: Pick<EventRecord, "headers">): string | undefined {
  const given = headers[traceHeader];
  return given !== undefined && isTraceparent(given) ? given : undefined;
}

/** What a record of the topic is. */
export type ReadRecord =
  | { readonly kind: "event"; readonly event: AuditEvent; readonly link: Link }
  /** See {@link DecodedEvent}: to be parked. */
  | Exclude<DecodedEvent, { readonly kind: "event" }>;

/** Reads a record back, its link with the hash that its content has. */
export function readEventRecord({
  value,
  headers,
}: Pick<EventRecord, "value" | "headers">): ReadRecord {
  const decoded = decodeEvent(utf8Text(value));
  if (decoded.kind !== "event") return decoded;
  const before = headBefore(decoded.event.cluster, headers);
  if (before === undefined) {
    return { kind: "damaged", problem: "its header does not say where in the chain it stands" };
  }
  return { kind: "event", event: decoded.event, link: append(before, value) };
}

/**
 * The link that a record of a cluster's chain is, whatever its value says; undefined where its
 * header does not say where in the chain it stands.
 */
export function recordLink(
  cluster: string,
  { value, headers }: Pick<EventRecord, "value" | "headers">,
): Link | undefined {
  const before = headBefore(cluster, headers);
  return before && append(before, value);
}

function headBefore(
  cluster: string,
  headers: Readonly<Record<string, string>>,
): ChainHead | undefined {
  const parts = /^([1-9]\d{0,17})\.([\w-]{43})$/.exec(headers[chainHeader] ?? "");
  const [, sequence, previous] = parts ?? [];
  if (sequence === undefined || previous === undefined) return undefined;
  const hash = new Uint8Array(Buffer.from(previous, "base64url"));
  return { cluster, sequence: BigInt(sequence) - 1n, hash };
}

/**
 * Records of one key stay in order: those of a lock, and those of a session. A gap has the key of
 * its cluster, but goes into every partition whatever its key.
 */
function partitionKey(event: AuditEvent): string {
  if ("lock" in event && event.lock !== undefined) {
    return `${event.lock.namespace}/${event.lock.name}`;
  }
  return "session" in event && event.session !== undefined ? event.session : event.cluster;
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}
