import type { SafetyRule } from "@holdfast/core/audit/safety-step";
import type { Counter, Gauge, Histogram, Meter } from "../ports/meter.ts";
import type { Waited } from "./auditor-news.ts";
import type { ParkReason } from "./read-batch.ts";

/** Up to a minute is a good day; past it, how long the log or the ledger was away. */
const ageBuckets = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 3_600, 86_400];

const rules: Readonly<Record<SafetyRule, true>> = {
  "two-exclusive": true,
  "shared-with-exclusive": true,
  "token-not-risen": true,
  "unmatched-end": true,
  "granted-twice": true,
  "outside-delegation": true,
};
const reasons: Readonly<Record<ParkReason, true>> = {
  "unknown-version": true,
  damaged: true,
  unstorable: true,
  conflict: true,
};

/** What an auditor counts. */
export class AuditorCounts {
  readonly rows: Counter;
  readonly repeated: Counter;
  readonly parked: Counter<"reason">;
  readonly lateBatches: Counter;
  readonly violations: Counter<"rule">;
  readonly restarts: Counter;
  readonly lost: Counter;
  readonly partitions: Gauge;
  readonly waiting: Gauge<"for">;
  readonly age: Histogram;

  constructor(meter: Meter) {
    const counter = (name: string, help: string) => meter.counter({ name, help });
    this.rows = counter("holdfast_audit_rows_total", "Events stored in the ledger");
    this.repeated = counter("holdfast_audit_repeated_total", "Events read that were stored before");
    this.lateBatches = counter(
      "holdfast_audit_late_batches_total",
      "Batches with rows of a day that had been dropped: its archive lacks them",
    );
    this.restarts = counter(
      "holdfast_safety_restarts_total",
      "Times the checker of a partition began without knowing who holds what",
    );
    this.lost = counter(
      "holdfast_audit_lost_batches_total",
      "Batches whose partitions went to another member before the commit",
    );
    this.parked = meter.counter({
      name: "holdfast_audit_parked_total",
      help: "Records parked because they are no rows; each waits for somebody to look at it",
      labels: ["reason"],
    });
    this.violations = meter.counter({
      name: "holdfast_safety_violations_total",
      help: "Proofs that a lock was not kept safe; expected to be 0 for ever",
      labels: ["rule"],
    });
    this.partitions = meter.gauge({
      name: "holdfast_audit_partitions",
      help: "Partitions this member reads",
    });
    this.waiting = meter.gauge({
      name: "holdfast_audit_waiting",
      help: "1 while nothing goes on for want of the log or the ledger",
      labels: ["for"],
    });
    this.age = meter.histogram({
      name: "holdfast_audit_age_seconds",
      help: "Age of the oldest event of each batch once it was stored; its time is a second coarse",
      buckets: ageBuckets,
    });
    // What is not there cannot be seen to rise from nothing.
    for (const rule of Object.keys(rules)) this.violations.add(0, { rule });
    for (const reason of Object.keys(reasons)) this.parked.add(0, { reason });
    for (const what of ["log", "ledger"] satisfies Waited[]) this.waiting.set(0, { for: what });
  }
}
