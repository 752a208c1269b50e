import { pooledUtf8 } from "@holdfast/base/bytes";
import { append, type ChainHead, headOf } from "@holdfast/core/audit/chain";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { encodeEvent } from "@holdfast/core/audit/event-codec";
import { eventRecord } from "../event-record.ts";
import { type EventRecord, recordBytes } from "../ports/event-log.ts";

/** Events as records of the log. */
export interface ChainedEvents {
  readonly records: readonly EventRecord[];
  /** As {@link recordBytes} counts them. */
  readonly bytes: number;
  /** The last one's; where there is none, the head they were to go on from. */
  readonly head: ChainHead;
}

/**
 * Goes on with a chain: a function of head and events alone, as the events are of the history.
 * `traces`: what the records of some of them bear beside their place in the chain.
 */
export function chainEvents(
  head: ChainHead,
  events: readonly AuditEvent[],
  traces?: ReadonlyMap<AuditEvent, string>,
): ChainedEvents {
  let last = head;
  let bytes = 0;
  const records = events.map((event) => {
    const link = append(last, pooledUtf8(encodeEvent(event)));
    last = headOf(link);
    const record = eventRecord(event, link, traces?.get(event));
    bytes += recordBytes(record);
    return record;
  });
  return { records, bytes, head: last };
}
