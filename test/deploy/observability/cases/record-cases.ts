import type { AlertCase } from "./alert-case.ts";

const east = { region: "us-east-1" };
const shard = { ...east, shard: "s0" };
const labels = 'region="us-east-1",shard="s0"';
const backlog = `holdfast_journal_backlog_seconds{${labels},instance="j1"}`;
const leader = (instance: string) => `holdfast_journal_leader{${labels},instance="${instance}"}`;
const gaps = `holdfast_journal_gaps_total{${labels}}`;
const contradictions = `holdfast_journal_contradictions_total{${labels}}`;
const damages = 'holdfast_archive_damages_total{region="us-east-1"}';
const waiting = 'holdfast_audit_waiting{region="us-east-1",for="ledger"}';
const age = (bound: string) =>
  `holdfast_audit_age_seconds_bucket{region="us-east-1",le="${bound}"}`;
const parked = 'holdfast_audit_parked_total{region="us-east-1",reason="damaged"}';
const lastRound = 'holdfast_archive_last_round_timestamp_seconds{region="us-east-1"}';
const days = 'holdfast_archive_waiting_days{region="us-east-1"}';

/** The record, from the journal to the archive. */
export const recordCases: readonly AlertCase[] = [
  {
    alert: "HoldfastJournalLag",
    when: "events wait for five minutes",
    series: { [backlog]: "1x2 300x10" },
    at: "8m",
    fires: [{ labels: shard, value: "5m 0s" }],
  },
  {
    alert: "HoldfastJournalLag",
    when: "they wait for half a minute",
    series: { [backlog]: "30x12" },
    at: "8m",
    fires: [],
  },
  {
    alert: "HoldfastJournalLeader",
    when: "nobody reads the shard",
    series: { [leader("j1")]: "1x2 0x10", [leader("j2")]: "0x12" },
    at: "6m",
    fires: [{ labels: shard, value: "0" }],
  },
  {
    alert: "HoldfastJournalLeader",
    when: "one of two takes over from the other",
    series: { [leader("j1")]: "1x2 0x10", [leader("j2")]: "0x2 1x10" },
    at: "6m",
    fires: [],
  },
  {
    alert: "HoldfastJournalGap",
    when: "a gap is the first thing that was ever counted",
    series: { [gaps]: "_x70 1x10" },
    at: "72m",
    fires: [{ labels: shard }],
  },
  {
    alert: "HoldfastJournalGap",
    when: "the last gap was two hours ago",
    series: { [gaps]: "1x75" },
    every: "2m",
    at: "140m",
    fires: [],
  },
  {
    alert: "HoldfastRecordDamaged",
    when: "the archive does not hold what was put there",
    series: { [damages]: "0x70 1x20", [contradictions]: "_x90" },
    at: "75m",
    fires: [{ labels: east }],
  },
  {
    alert: "HoldfastRecordDamaged",
    when: "history told something else the second time",
    series: { [damages]: "0x90", [contradictions]: "_x70 1x20" },
    at: "75m",
    fires: [{ labels: east }],
  },
  {
    alert: "HoldfastRecordDamaged",
    when: "there is nothing of the kind",
    series: { [damages]: "0x90", [contradictions]: "0x90" },
    at: "75m",
    fires: [],
  },
  {
    alert: "HoldfastAuditWaiting",
    when: "Postgres is away for ten minutes",
    series: { [waiting]: "0x2 1x12" },
    at: "12m",
    fires: [{ labels: { ...east, for: "ledger" } }],
  },
  {
    alert: "HoldfastAuditWaiting",
    when: "it is away for two",
    series: { [waiting]: "0x2 1x2 0x10" },
    at: "12m",
    fires: [],
  },
  {
    alert: "HoldfastAuditLag",
    when: "events are one to five minutes old when they are stored",
    series: { [age("60")]: "0x40", [age("300")]: "0+60x40", [age("+Inf")]: "0+60x40" },
    at: "20m",
    fires: [{ labels: east, value: "4m 48s" }],
  },
  {
    alert: "HoldfastAuditLag",
    when: "they are younger than a minute",
    series: { [age("60")]: "0+60x40", [age("300")]: "0+60x40", [age("+Inf")]: "0+60x40" },
    at: "20m",
    fires: [],
  },
  {
    alert: "HoldfastAuditParked",
    when: "a damaged record is set aside",
    series: { [parked]: "0x5 1x10" },
    at: "8m",
    fires: [{ labels: { ...east, reason: "damaged" } }],
  },
  {
    alert: "HoldfastAuditParked",
    when: "none is",
    series: { [parked]: "0x15" },
    at: "8m",
    fires: [],
  },
  {
    alert: "HoldfastArchiveAge",
    when: "the last whole round was three hours ago",
    series: { [lastRound]: "0x100", [days]: "0x100" },
    every: "2m",
    at: "180m",
    fires: [{ labels: east }],
  },
  {
    alert: "HoldfastArchiveAge",
    when: "five days wait though rounds are made",
    series: { [lastRound]: "0+120x100", [days]: "5x100" },
    every: "2m",
    at: "180m",
    fires: [{ labels: east }],
  },
  {
    alert: "HoldfastArchiveAge",
    when: "rounds are made and nothing waits",
    series: { [lastRound]: "0+120x100", [days]: "1x100" },
    every: "2m",
    at: "180m",
    fires: [],
  },
];
