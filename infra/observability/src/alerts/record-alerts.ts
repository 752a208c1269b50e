import { risen } from "../prometheus/selectors.ts";
import type { AlertGroup } from "./alert.ts";

/** The record of what happened. No lock waits for it. */
export const recordAlerts: AlertGroup = {
  name: "holdfast-record",
  alerts: [
    {
      name: "HoldfastJournalLag",
      severity: "warning",
      tier: "record",
      expr: "max by (region, shard) (holdfast_journal_backlog_seconds) > 60",
      for: "2m",
      summary:
        "the journal of shard {{ $labels.shard }} in {{ $labels.region }} " +
        "is {{ $value | humanizeDuration }} behind",
      description:
        "Events wait in etcd, which keeps all history meanwhile. Locks go on until etcd's quota " +
        "is used up.",
    },
    {
      name: "HoldfastJournalLeader",
      severity: "warning",
      tier: "record",
      expr: "sum by (region, shard) (holdfast_journal_leader) != 1",
      for: "1m",
      summary:
        "shard {{ $labels.shard }} of {{ $labels.region }} is read by " +
        "{{ $value | humanize }} journals, not by one",
      description:
        "Nobody reads the shard, so nothing of it is recorded and its backlog is not even " +
        "measured; or two say they do, which does no harm but should not last.",
    },
    {
      name: "HoldfastJournalGap",
      severity: "warning",
      tier: "record",
      expr: `sum by (region, shard) ${risen("holdfast_journal_gaps_total")}`,
      for: "0s",
      summary: "history of shard {{ $labels.shard }} in {{ $labels.region }} was lost unread",
      description:
        "Somebody compacted etcd before the journal had read it. The record has an AuditGap in " +
        "that place; what happened in it is not known.",
    },
    {
      name: "HoldfastRecordDamaged",
      severity: "critical",
      tier: "record",
      expr:
        `sum by (region) (${risen("holdfast_journal_contradictions_total")} or ` +
        `${risen("holdfast_archive_damages_total")})`,
      for: "0s",
      summary: "the record of {{ $labels.region }} is not what was written",
      description:
        "A record was changed, deleted or told twice in different words. Locks are not touched by " +
        "it; the proof of what happened is.",
    },
    {
      name: "HoldfastAuditWaiting",
      severity: "warning",
      tier: "record",
      expr: "max by (region, for) (holdfast_audit_waiting) == 1",
      for: "5m",
      summary: "the auditor in {{ $labels.region }} waits for the {{ $labels.for }}",
      description:
        "Nothing new is stored, and the safety of locks is not watched meanwhile. Events are kept " +
        "in Kafka until they are.",
    },
    {
      name: "HoldfastAuditLag",
      severity: "warning",
      tier: "record",
      expr:
        "histogram_quantile(0.95, sum by (region, le) " +
        "(rate(holdfast_audit_age_seconds_bucket[5m]))) > 60",
      for: "10m",
      summary: "events are {{ $value | humanizeDuration }} old before they are in the ledger",
      description:
        "The record is behind what happens, and so is the watch over the safety of locks.",
    },
    {
      name: "HoldfastAuditParked",
      severity: "warning",
      tier: "record",
      expr: `sum by (region, reason) ${risen("holdfast_audit_parked_total")}`,
      for: "0s",
      summary: "records were set aside by the auditor: {{ $labels.reason }}",
      description:
        "What is parked is kept whole, but is in no answer, and the day it belongs to is not " +
        "archived until somebody has looked at it.",
    },
    {
      name: "HoldfastArchiveAge",
      severity: "warning",
      tier: "record",
      expr:
        "time() - max by (region) (holdfast_archive_last_round_timestamp_seconds) > 7200 " +
        "or max by (region) (holdfast_archive_waiting_days) > 2",
      for: "30m",
      summary: "the archiver in {{ $labels.region }} has done no whole round for hours",
      description:
        "A round is made every 15 minutes. Days that are over stay in Postgres, which grows; " +
        "nothing is lost.",
    },
  ],
};
