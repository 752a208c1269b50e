import { utf8Text } from "@holdfast/base/bytes";
import { epochKey, parseKey } from "@holdfast/core/lock/keys";
import { decodeRecord } from "@holdfast/core/lock/record";
import type { WatchEvent } from "@holdfast/engine/ports/shard-store";
import type { Simulation } from "../kernel/simulation.ts";
import type { TracePart } from "../kernel/trace.ts";
import type { Change, HistoryEntry, LeaseEntry, StoredRecord } from "./history.ts";

/** The metadata under which a workload's request names itself, so that its keys are recognised. */
export const requestLabel = "request";

/** Everything but the time, which the recorder adds. */
type Untimed<Entry> = Entry extends HistoryEntry ? Omit<Entry, "atMs"> : never;

/** Collects a run's history, in true time, and puts the same things into the trace. */
export class HistoryRecorder {
  readonly entries: HistoryEntry[] = [];
  readonly #simulation: Simulation;
  #beforeGrantEnds: () => void = () => {};
  readonly #grants = new Set<string>();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /**
   * Calls `look` before a revision that deletes a grant is recorded, so that a belief which ran out
   * silently a moment ago is not taken for one that outlived its grant.
   */
  beforeGrantEnds(look: () => void): void {
    this.#beforeGrantEnds = look;
  }

  /** Grants and places in line that are in the shards now. */
  get grants(): number {
    return this.#grants.size;
  }

  add(entry: Untimed<HistoryEntry>): void {
    const { nowMs, trace } = this.#simulation;
    this.entries.push({ ...entry, atMs: nowMs } as HistoryEntry);
    trace.record(nowMs, ...traceParts(entry));
  }

  stored(shard: string, revision: number, events: readonly WatchEvent[]): void {
    if (events.some(({ kind, kv }) => kind === "delete" && isGrant(kv.key))) {
      this.#beforeGrantEnds();
    }
    for (const { kind, kv } of events) {
      if (!isGrant(kv.key) && !kv.key.startsWith("q/")) continue;
      if (kind === "put") this.#grants.add(`${shard} ${kv.key}`);
      else this.#grants.delete(`${shard} ${kv.key}`);
    }
    this.add({ kind: "stored", shard, revision, changes: events.map(changeOf) });
  }

  lease(shard: string, lease: bigint, what: LeaseEntry["what"], ttlMs: number): void {
    this.add({ kind: "lease", shard, lease, what, ttlMs });
  }

  /** For the trace alone. */
  note(...parts: readonly string[]): void {
    this.#simulation.trace.record(this.#simulation.nowMs, ...parts);
  }
}

function isGrant(key: string): boolean {
  return key.startsWith("x/") || key.startsWith("s/");
}

/** Everything but the time, in a fixed order: it goes into the hash. */
function traceParts(entry: Untimed<HistoryEntry>): readonly TracePart[] {
  switch (entry.kind) {
    case "stored": {
      const changes = entry.changes.map((change) =>
        change.kind === "delete"
          ? `-${printKey(change.key)}`
          : `+${printKey(change.key)}${change.record ? ` (${change.record.request})` : ""}`,
      );
      return [entry.kind, entry.shard, entry.revision, ...changes];
    }
    case "lease":
      return [entry.kind, entry.shard, entry.lease, entry.what, entry.ttlMs];
    case "asked":
      return [entry.kind, entry.request, entry.lock, entry.mode, entry.waitMs, entry.ttlMs];
    case "told":
      return [entry.kind, entry.router, entry.what, entry.lock, entry.grantId, entry.token];
    case "session-end":
      return [entry.kind, entry.router, entry.session, entry.shard, entry.lease];
    case "answered":
      return [entry.kind, entry.request, entry.what, entry.token];
    case "belief":
      return [entry.kind, entry.request, entry.lock, entry.token, entry.believes ? "on" : "off"];
    case "process":
      return [entry.kind, entry.name, entry.state];
    case "healed":
      return [entry.kind];
  }
}

function printKey(key: string): string {
  return key.replace("\0", "");
}

function changeOf({ kind, kv }: WatchEvent): Change {
  if (kind === "delete") return { kind, key: kv.key };
  const put = {
    kind,
    key: kv.key,
    createRevision: Number(kv.createRevision),
    lease: kv.lease,
  };
  if (kv.key === epochKey) return { ...put, epoch: Number(utf8Text(kv.value)) };
  const parsed = parseKey(kv.key);
  if (parsed === undefined || parsed.kind === "t" || parsed.kind === "f") return put;
  const record = decodeRecord(kv.value);
  if (record === undefined) return put;
  const stored: StoredRecord = {
    mode: record.mode,
    epoch: record.epoch,
    ttlMs: record.ttlMs,
    hasSession: record.session !== undefined,
    session: record.session ?? "",
    request: record.metadata[requestLabel] ?? record.requestId,
  };
  return { ...put, record: stored };
}
