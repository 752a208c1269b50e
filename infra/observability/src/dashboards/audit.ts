import type { Dashboard, Row } from "./panel.ts";

const here = 'region=~"$region"';
const shards = `${here},shard=~"$shard"`;

const safety: Row = {
  title: "Is the promise kept, and the record whole",
  panels: [
    {
      title: "Safety violations",
      description: "Proofs that a lock was not kept safe, by rule. 0 for ever.",
      runbook: "HoldfastSafetyViolation",
      kind: "number",
      unit: "none",
      queries: [
        {
          expr: `sum by (rule) (holdfast_safety_violations_total{${here}})`,
          legend: "{{rule}}",
        },
      ],
      limits: { critical: 1 },
      width: 12,
    },
    {
      title: "Record damaged",
      description:
        "History that told something else the second time, and damages found in ledger or archive. " +
        "0 for ever.",
      runbook: "HoldfastRecordDamaged",
      kind: "number",
      unit: "none",
      queries: [
        {
          expr: `sum(holdfast_journal_contradictions_total{${here}})`,
          legend: "contradictions",
        },
        { expr: `sum(holdfast_archive_damages_total{${here}})`, legend: "damages" },
      ],
      limits: { critical: 1 },
      width: 6,
    },
    {
      title: "History lost unread",
      description: "Times that etcd was compacted before the journal had read it. 0 is well.",
      runbook: "HoldfastJournalGap",
      kind: "number",
      unit: "none",
      queries: [{ expr: `sum(holdfast_journal_gaps_total{${here}})`, legend: "gaps" }],
      limits: { critical: 1 },
      width: 6,
    },
  ],
};

const journal: Row = {
  title: "Journal: etcd to Kafka",
  panels: [
    {
      title: "Behind by",
      description: "Age of the oldest revision whose events are not in the log. A second is well.",
      runbook: "HoldfastJournalLag",
      kind: "lines",
      unit: "s",
      queries: [
        {
          expr: `max by (region, shard) (holdfast_journal_backlog_seconds{${shards}})`,
          legend: "{{region}} {{shard}}",
        },
      ],
      limits: { critical: 60 },
    },
    {
      title: "Revisions to tell",
      description: "Revisions whose events are not in the log yet.",
      runbook: "HoldfastJournalLag",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `max by (region, shard) (holdfast_journal_backlog_revisions{${shards}})`,
          legend: "{{region}} {{shard}}",
        },
      ],
    },
    {
      title: "Events told",
      description: "Events a second that the log has acknowledged.",
      runbook: "HoldfastJournalLag",
      kind: "lines",
      unit: "ops",
      queries: [
        {
          expr:
            "sum by (region, shard) " +
            `(rate(holdfast_journal_events_total{${shards}}[$__rate_interval]))`,
          legend: "{{region}} {{shard}}",
        },
      ],
    },
    {
      title: "Readers of each shard",
      description: "Journals that read the shard's history: exactly one.",
      runbook: "HoldfastJournalLeader",
      kind: "states",
      unit: "none",
      queries: [
        {
          expr: `sum by (region, shard) (holdfast_journal_leader{${shards}})`,
          legend: "{{region}} {{shard}}",
        },
      ],
      limits: { critical: 1, falling: true },
    },
    {
      title: "Trouble on the way",
      description:
        "In the last hour: appends that the log did not take (each is repeated), and times that " +
        "history was read again.",
      runbook: "HoldfastJournalLag",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr:
            "sum by (region, shard, reason) " +
            `(increase(holdfast_journal_append_failures_total{${shards}}[1h]))`,
          legend: "not taken: {{reason}} {{region}} {{shard}}",
        },
        {
          expr: `sum by (region, shard) (increase(holdfast_journal_rereads_total{${shards}}[1h]))`,
          legend: "read again {{region}} {{shard}}",
        },
      ],
    },
  ],
};

const auditor: Row = {
  title: "Auditor: Kafka to the ledger",
  panels: [
    {
      title: "Events stored",
      description: "A second; and those that were stored before and came again, which is harmless.",
      runbook: "HoldfastAuditLag",
      kind: "lines",
      unit: "ops",
      queries: [
        {
          expr: `sum by (region) (rate(holdfast_audit_rows_total{${here}}[$__rate_interval]))`,
          legend: "{{region}}",
        },
        {
          expr: `sum by (region) (rate(holdfast_audit_repeated_total{${here}}[$__rate_interval]))`,
          legend: "{{region}} again",
        },
      ],
    },
    {
      title: "Age when stored (P95)",
      description: "How old events are when they are in the ledger. A few seconds is well.",
      runbook: "HoldfastAuditLag",
      kind: "lines",
      unit: "s",
      queries: [
        {
          expr:
            "histogram_quantile(0.95, sum by (region, le) " +
            `(rate(holdfast_audit_age_seconds_bucket{${here}}[$__rate_interval])))`,
          legend: "{{region}}",
        },
      ],
      limits: { critical: 60 },
    },
    {
      title: "Waits for",
      description: "1 while nothing goes on for want of the log or the ledger.",
      runbook: "HoldfastAuditWaiting",
      kind: "states",
      unit: "none",
      queries: [
        {
          expr: `max by (region, for) (holdfast_audit_waiting{${here}})`,
          legend: "{{region}} {{for}}",
        },
      ],
      limits: { critical: 1 },
    },
    {
      title: "Set aside, or late",
      description:
        "In the last hour: records that are no rows, batches for a day that was dropped already, " +
        "batches that went to another auditor half way.",
      runbook: "HoldfastAuditParked",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `sum by (reason) (increase(holdfast_audit_parked_total{${here}}[1h]))`,
          legend: "parked: {{reason}}",
        },
        {
          expr: `sum(increase(holdfast_audit_late_batches_total{${here}}[1h]))`,
          legend: "late",
        },
        {
          expr: `sum(increase(holdfast_audit_lost_batches_total{${here}}[1h]))`,
          legend: "went to another",
        },
      ],
    },
    {
      title: "Partitions read",
      description: "By each auditor; together as many as the topic has.",
      runbook: "HoldfastAuditLag",
      kind: "lines",
      unit: "short",
      queries: [{ expr: `holdfast_audit_partitions{${here}}`, legend: "{{region}} {{instance}}" }],
    },
    {
      title: "Checker began anew",
      description:
        "Times in the last hour that the safety checker of a partition began without knowing who " +
        "holds what: it sees violations of later grants only.",
      runbook: "HoldfastAuditLag",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `sum by (region) (increase(holdfast_safety_restarts_total{${here}}[1h]))`,
          legend: "{{region}}",
        },
      ],
    },
  ],
};

const archive: Row = {
  title: "Archive: the ledger to S3",
  panels: [
    {
      title: "Since the last whole round",
      description: "A round is made every 15 minutes.",
      runbook: "HoldfastArchiveAge",
      kind: "lines",
      unit: "s",
      queries: [
        {
          expr:
            "time() - max by (region) " +
            `(holdfast_archive_last_round_timestamp_seconds{${here}} > 0)`,
          legend: "{{region}}",
        },
      ],
      limits: { critical: 7_200 },
    },
    {
      title: "Days that wait",
      description: "Days that are over with events that are not in the archive. 0 or 1 is well.",
      runbook: "HoldfastArchiveAge",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `max by (region) (holdfast_archive_waiting_days{${here}})`,
          legend: "{{region}}",
        },
      ],
      limits: { critical: 3 },
    },
    {
      title: "Archived in a day",
      description: "Events and objects stored, and days dropped from the ledger, in 24 hours.",
      runbook: "HoldfastArchiveAge",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `sum(increase(holdfast_archive_events_total{${here}}[1d]))`,
          legend: "events",
        },
        {
          expr: `sum(increase(holdfast_archive_parts_total{${here}}[1d]))`,
          legend: "objects",
        },
        {
          expr: `sum(increase(holdfast_archive_days_dropped_total{${here}}[1d]))`,
          legend: "days dropped",
        },
      ],
    },
    {
      title: "Bytes archived",
      description: "Compressed, in 24 hours.",
      runbook: "HoldfastArchiveAge",
      kind: "lines",
      unit: "bytes",
      queries: [
        { expr: `sum(increase(holdfast_archive_bytes_total{${here}}[1d]))`, legend: "bytes" },
      ],
    },
    {
      title: "Steps that failed",
      description: "In the last hour, by step; each is tried again in the next round.",
      runbook: "HoldfastArchiveAge",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `sum by (step) (increase(holdfast_archive_failures_total{${here}}[1h]))`,
          legend: "{{step}}",
        },
      ],
    },
  ],
};

const cache: Row = {
  title: "Cache: what the journal marks in Redis",
  panels: [
    {
      title: "Marks",
      description: "Marks a second of what changed, and times that Redis did not take them.",
      runbook: "HoldfastJournalLag",
      kind: "lines",
      unit: "ops",
      queries: [
        {
          expr:
            "sum by (region, of) " +
            `(rate(holdfast_cache_marks_total{${here}}[$__rate_interval]))`,
          legend: "{{region}} {{of}}",
        },
        {
          expr:
            "sum by (region) " +
            `(rate(holdfast_cache_mark_failures_total{${here}}[$__rate_interval]))`,
          legend: "{{region}}, not taken",
        },
      ],
    },
    {
      title: "Cache at rest",
      description:
        "Times in the last hour that a router left Redis alone for a second, and answers that were " +
        "to be kept, by what became of them.",
      runbook: "HoldfastLatencyHigh",
      kind: "lines",
      unit: "short",
      queries: [
        {
          expr: `sum by (region) (increase(holdfast_cache_rests_total{${here}}[1h]))`,
          legend: "{{region}}, at rest",
        },
        {
          expr: `sum by (region, result) (increase(holdfast_cache_fills_total{${here}}[1h]))`,
          legend: "{{region}}, {{result}}",
        },
      ],
    },
  ],
};

/** The record of what happened, from etcd to the archive, and what it proves. */
export const audit: Dashboard = {
  uid: "holdfast-audit",
  title: "Holdfast / Audit",
  description: "The record of what happened, from etcd to the archive, and what it proves.",
  rows: [safety, journal, auditor, archive, cache],
};
