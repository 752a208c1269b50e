import type { Counter, Gauge, Meter } from "../ports/meter.ts";

/** What an archiver counts. */
export interface ArchiverCounts {
  readonly parts: Counter;
  readonly events: Counter;
  readonly bytes: Counter;
  readonly daysDropped: Counter;
  readonly damages: Counter;
  readonly failures: Counter<"step">;
  readonly daysWaiting: Gauge;
  readonly lastRound: Gauge;
}

/** Registers what an archiver counts. */
export function archiverCounts(meter: Meter): ArchiverCounts {
  return {
    parts: meter.counter({
      name: "holdfast_archive_parts_total",
      help: "Objects stored, read back and recorded.",
    }),
    events: meter.counter({
      name: "holdfast_archive_events_total",
      help: "Events in the objects that were stored.",
    }),
    bytes: meter.counter({
      name: "holdfast_archive_bytes_total",
      help: "Bytes of the objects that were stored, their manifests left out.",
    }),
    daysDropped: meter.counter({
      name: "holdfast_archive_days_dropped_total",
      help: "Days dropped from the ledger once all their events were in the archive.",
    }),
    damages: meter.counter({
      name: "holdfast_archive_damages_total",
      help: "Damages found in ledger or archive, each once; 0 for ever.",
    }),
    failures: meter.counter({
      name: "holdfast_archive_failures_total",
      help: "What did not come about and is tried again in the next round, by step.",
      labels: ["step"],
    }),
    daysWaiting: meter.gauge({
      name: "holdfast_archive_waiting_days",
      help: "Closed days of the ledger with events that are not in the archive.",
    }),
    lastRound: meter.gauge({
      name: "holdfast_archive_last_round_timestamp_seconds",
      help: "When the last round ended that had nothing to tell but success.",
    }),
  };
}
