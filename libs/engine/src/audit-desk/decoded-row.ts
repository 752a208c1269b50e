import { utf8Text } from "@holdfast/base/bytes";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { type DecodedEvent, decodeEvent } from "@holdfast/core/audit/event-codec";
import type { LedgerRow } from "../ports/ledger.ts";

/** What the row's line says. */
export function decodedRow(row: LedgerRow): DecodedEvent {
  return decodeEvent(utf8Text(row.line));
}

/** The events of rows, and what is to be said of those that cannot be read. */
export function eventsIn(rows: readonly LedgerRow[]): {
  readonly events: AuditEvent[];
  readonly doubts: string[];
} {
  const events: AuditEvent[] = [];
  const doubts: string[] = [];
  for (const row of rows) {
    const decoded = decodedRow(row);
    if (decoded.kind === "event") events.push(decoded.event);
    else doubts.push(doubtOf(row, decoded));
  }
  return { events, doubts };
}

function doubtOf({ cluster, sequence }: LedgerRow, decoded: DecodedEvent): string {
  const which = `Record ${sequence} of cluster ${cluster}`;
  return decoded.kind === "unknown"
    ? `${which} is of a version that is not known here, and was left out.`
    : `${which} cannot be read, and was left out: verify the record.`;
}
