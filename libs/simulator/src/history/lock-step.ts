import { invariant } from "@holdfast/base/invariant";
import { makeToken } from "@holdfast/core/fencing/token";
import { type KeyKind, parseKey } from "@holdfast/core/lock/keys";
import type { Mode } from "@holdfast/core/lock/lock-id";
import type { Change, HistoryEntry, StoredEntry, StoredRecord } from "./history.ts";

/** One tenure of a lock in the store, from its key's creation to its deletion. */
export interface Tenure {
  readonly lock: string;
  readonly shard: string;
  readonly grantId: string;
  readonly mode: Mode;
  readonly request: string;
  readonly hasSession: boolean;
  readonly session: string;
  readonly ttlMs: number;
  readonly token: bigint;
  /** What its key first hung on. */
  readonly lease: bigint;
  readonly epoch: number;
  readonly createRevision: number;
  readonly grantedAtMs: number;
  /** Position in the history, which also orders what happened at one time. */
  readonly grantedOrder: number;
  /** Its request had a place in the queue until this very revision. */
  readonly fromQueue: boolean;
  /** Infinity while it lives. */
  endedAtMs: number;
  endedOrder: number;
  /** The revision that ended it also recorded a forced release. */
  forced: boolean;
}

/** A place in a queue. */
export interface Place {
  readonly shard: string;
  readonly grantId: string;
  readonly mode: Mode;
  readonly request: string;
  readonly hasSession: boolean;
  readonly session: string;
  readonly createRevision: number;
  readonly lease: bigint;
  readonly queuedAtMs: number;
  readonly queuedOrder: number;
  /** Infinity while it stands. */
  leftOrder: number;
}

/** What one revision did to one lock, and how the lock stood afterwards. */
export interface LockStep {
  readonly atMs: number;
  readonly order: number;
  readonly lock: string;
  readonly shard: string;
  readonly revision: number;
  /** What the shard's `/epoch` was before this revision. */
  readonly shardEpoch: number;
  readonly granted: readonly Tenure[];
  readonly ended: readonly Tenure[];
  readonly queued: readonly Place[];
  readonly left: readonly Place[];
  readonly holders: readonly Tenure[];
  /** In order. */
  readonly queue: readonly Place[];
}

interface LockStand {
  readonly holders: readonly Tenure[];
  readonly queue: readonly Place[];
}

/** The store's side of a history, lock by lock; the steps are in true order. */
export function lockSteps(history: readonly HistoryEntry[]): LockStep[] {
  const stands = new Map<string, LockStand>();
  const epochs = new Map<string, number>();
  const steps: LockStep[] = [];
  for (const [order, entry] of history.entries()) {
    if (entry.kind !== "stored") continue;
    for (const [lock, changes] of byLock(entry)) {
      const stand = stands.get(lock) ?? { holders: [], queue: [] };
      const revision = { entry, order, lock, shardEpoch: epochs.get(entry.shard) ?? 0 };
      const step = stepOf(revision, changes, stand);
      stands.set(lock, step);
      steps.push(step);
    }
    for (const change of entry.changes) {
      if (change.kind === "put" && change.epoch !== undefined) {
        epochs.set(entry.shard, change.epoch);
      }
    }
  }
  return steps;
}

interface LockChange {
  readonly kind: KeyKind;
  readonly grantId: string;
  readonly change: Change;
}

/** One revision as one lock sees it. */
interface LockRevision {
  readonly entry: StoredEntry;
  readonly order: number;
  readonly lock: string;
  readonly shardEpoch: number;
}

function byLock(entry: StoredEntry): Map<string, LockChange[]> {
  const grouped = new Map<string, LockChange[]>();
  for (const change of entry.changes) {
    const key = parseKey(change.key);
    if (key === undefined) continue;
    // Without the shard: a lock that had keys in two shards would have two holders.
    const lock = `${key.namespace}/${key.name}`;
    const changes = grouped.get(lock);
    const lockChange = { kind: key.kind, grantId: key.grantId, change };
    if (changes === undefined) grouped.set(lock, [lockChange]);
    else changes.push(lockChange);
  }
  return grouped;
}

function stepOf(at: LockRevision, changes: readonly LockChange[], before: LockStand): LockStep {
  const { entry, order, lock, shardEpoch } = at;
  const { atMs, shard, revision } = entry;
  const forced = changes.some(({ kind, change }) => kind === "f" && change.kind === "put");
  const line = queueAfter(at, changes, before.queue);
  let holders = before.holders;
  const granted: Tenure[] = [];
  const ended: Tenure[] = [];
  for (const { kind, grantId, change } of changes) {
    if (kind !== "x" && kind !== "s") continue;
    const mode: Mode = kind === "x" ? "exclusive" : "shared";
    const tenure = holders.find((other) => other.grantId === grantId && other.mode === mode);
    if (change.kind === "delete" && tenure !== undefined) {
      tenure.endedAtMs = atMs;
      tenure.endedOrder = order;
      tenure.forced = forced;
      holders = holders.filter((other) => other !== tenure);
      ended.push(tenure);
    } else if (change.kind === "put" && tenure === undefined) {
      const fromQueue = before.queue.some((place) => place.grantId === grantId);
      const begun = tenureOf(at, { lock, grantId, mode, fromQueue }, change);
      holders = [...holders, begun];
      granted.push(begun);
    }
  }
  return { atMs, order, lock, shard, revision, shardEpoch, granted, ended, ...line, holders };
}

function queueAfter(
  at: LockRevision,
  changes: readonly LockChange[],
  before: readonly Place[],
): Pick<LockStep, "queue" | "queued" | "left"> {
  let queue = before;
  const queued: Place[] = [];
  const left: Place[] = [];
  for (const { kind, grantId, change } of changes) {
    if (kind !== "q") continue;
    const place = queue.find((other) => other.grantId === grantId);
    if (change.kind === "delete" && place !== undefined) {
      place.leftOrder = at.order;
      queue = queue.filter((other) => other !== place);
      left.push(place);
    } else if (change.kind === "put" && place === undefined) {
      const taken = placeOf(at, grantId, change);
      queued.push(taken);
      queue = [...queue, taken].sort((a, b) => a.createRevision - b.createRevision);
    }
  }
  return { queue, queued, left };
}

type Put = Extract<Change, { kind: "put" }>;

function tenureOf(
  at: LockRevision,
  what: Pick<Tenure, "lock" | "grantId" | "mode" | "fromQueue">,
  put: Put,
): Tenure {
  const { request, hasSession, session, ttlMs, epoch } = recordOf(put);
  const { createRevision, lease } = put;
  return {
    ...what,
    lease,
    shard: at.entry.shard,
    request,
    hasSession,
    session,
    ttlMs,
    token: makeToken(epoch, BigInt(createRevision)),
    epoch,
    createRevision,
    grantedAtMs: at.entry.atMs,
    grantedOrder: at.order,
    endedAtMs: Number.POSITIVE_INFINITY,
    endedOrder: Number.POSITIVE_INFINITY,
    forced: false,
  };
}

function placeOf(at: LockRevision, grantId: string, put: Put): Place {
  const { mode, request, hasSession, session } = recordOf(put);
  const { createRevision, lease } = put;
  const queued = { queuedAtMs: at.entry.atMs, queuedOrder: at.order };
  const leftOrder = Number.POSITIVE_INFINITY;
  const { shard } = at.entry;
  return {
    shard,
    grantId,
    mode,
    request,
    hasSession,
    session,
    createRevision,
    lease,
    ...queued,
    leftOrder,
  };
}

function recordOf(put: Put): StoredRecord {
  invariant(put.record !== undefined, `no readable record in ${put.key}`);
  return put.record;
}
