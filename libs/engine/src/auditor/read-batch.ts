import { digest132 } from "@holdfast/base/digest";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { readEventRecord } from "../event-record.ts";
import { rowProblem } from "../ledger-limits.ts";
import { ledgerRow } from "../ledger-row.ts";
import type { ConsumedRecord } from "../ports/event-log.ts";
import type { LedgerRow } from "../ports/ledger.ts";
import { type ParkedRecord, parkedBytesMax } from "../ports/ledger-records.ts";
import { lastMs } from "../utc-day.ts";

/**
 * `unknown-version`: a newer writer's. `damaged`: no writer's. `unstorable`: an event that the
 * ledger does not take. `conflict`: another event has its identity.
 */
export type ParkReason = "unknown-version" | "damaged" | "unstorable" | "conflict";

/** A record that is an event. */
export interface ReadEvent {
  readonly record: ConsumedRecord;
  readonly event: AuditEvent;
  readonly row: LedgerRow;
}

/** A record that is none. */
export interface Unread {
  readonly record: ConsumedRecord;
  readonly reason: ParkReason;
  /** For people, and whatever the record holds, fit to be stored. */
  readonly message: string;
}

/** Reads a record of the events' topic. */
export function readRecord(record: ConsumedRecord): ReadEvent | Unread {
  const read = readEventRecord(record);
  if (read.kind === "damaged") return { record, reason: "damaged", message: read.problem };
  if (read.kind === "unknown") {
    const message = `version ${read.version} with the name ${JSON.stringify(read.named.slice(0, 64))}`;
    return { record, reason: "unknown-version", message };
  }
  const { event, link } = read;
  // A later time has no day to be stored under.
  const row = event.atMs > lastMs ? undefined : ledgerRow(event, link);
  const problem = row === undefined ? `atMs ${event.atMs} is no time` : rowProblem(row);
  if (row !== undefined && problem === undefined) return { record, event, row };
  return { record, reason: "unstorable", message: problem ?? "" };
}

const keyBytesMax = 64 * 1024;
const headersCharsMax = 64 * 1024;
const valueBytesMax = parkedBytesMax - keyBytesMax - 4 * headersCharsMax;

/**
 * What is kept of a record that is no row: all of it, but for parts larger than any log of ours
 * takes, for what the ledger refuses would stop everything behind it.
 */
export function parkedRecord({ record, reason, message }: Unread, nowMs: number): ParkedRecord {
  const { topic, partition, offset, key, value, headers } = record;
  const headersText = JSON.stringify(headers);
  const isCut =
    key.length > keyBytesMax ||
    value.length > valueBytesMax ||
    headersText.length > headersCharsMax;
  const content = Buffer.from(value).toString("base64");
  return {
    id: `${topic}/${partition}/${offset}/${digest132(`${headersText}\0${content}`)}`,
    ...{ topic, partition, offset, reason },
    message: isCut ? `${message} (cut: its value had ${value.length} bytes)` : message,
    parkedAtMs: nowMs,
    key: key.subarray(0, keyBytesMax),
    value: value.subarray(0, valueBytesMax),
    headers: headersText.length > headersCharsMax ? {} : headers,
  };
}
