import type { Meter } from "../ports/meter.ts";

/** What the journals of a region count; each label is the name of a shard. */
export interface JournalMetrics {
  /** Who leads no more knows of no backlog: what it counted last would stand for ever. */
  leads(shard: string, isLeader: boolean): void;
  /** `revisions` left out: not known, and left as it was. */
  backlog(shard: string, revisions: bigint | undefined, ageMs: number): void;
  produced(shard: string, events: number): void;
  gap(shard: string): void;
  reread(shard: string): void;
  refusedAppend(shard: string, reason: string): void;
  contradiction(shard: string): void;
}

/** Makes the instruments, or finds the ones that are there. */
export function journalMetrics(meter: Meter): JournalMetrics {
  const labels = ["shard"] as const;
  const leader = meter.gauge({
    name: "holdfast_journal_leader",
    help: "1 while this process reads the shard's history, 0 while another one does or none.",
    labels,
  });
  const revisions = meter.gauge({
    name: "holdfast_journal_backlog_revisions",
    help: "Revisions of the shard whose events are not in the log yet.",
    labels,
  });
  const age = meter.gauge({
    name: "holdfast_journal_backlog_seconds",
    help: "How old the oldest revision is whose events are not in the log yet, or may be.",
    labels,
  });
  const events = meter.counter({
    name: "holdfast_journal_events_total",
    help: "Events that the log has acknowledged; one that is told again counts again.",
    labels,
  });
  const gaps = meter.counter({
    name: "holdfast_journal_gaps_total",
    help: "Times that history was gone before it was read: what happened in it is not known.",
    labels,
  });
  const rereads = meter.counter({
    name: "holdfast_journal_rereads_total",
    help: "Times that the history was read again from a checkpoint, or a lost watch was opened anew.",
    labels,
  });
  const failures = meter.counter({
    name: "holdfast_journal_append_failures_total",
    help: "Appends that the log did not acknowledge, by why; each is repeated until it does.",
    labels: ["shard", "reason"] as const,
  });
  const contradictions = meter.counter({
    name: "holdfast_journal_contradictions_total",
    help: "Times that history read again came to other records than before. Expected: 0 for ever.",
    labels,
  });
  const backlog: JournalMetrics["backlog"] = (shard, count, ageMs) => {
    if (count !== undefined) revisions.set(Number(count), { shard });
    age.set(ageMs / 1_000, { shard });
  };
  return {
    leads: (shard, isLeader) => {
      leader.set(isLeader ? 1 : 0, { shard });
      if (!isLeader) backlog(shard, 0n, 0);
    },
    backlog,
    produced: (shard, count) => events.add(count, { shard }),
    gap: (shard) => gaps.add(1, { shard }),
    reread: (shard) => rereads.add(1, { shard }),
    refusedAppend: (shard, reason) => failures.add(1, { shard, reason }),
    contradiction: (shard) => contradictions.add(1, { shard }),
  };
}
