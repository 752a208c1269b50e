import type { AuditEvent, EventKind } from "./event.ts";
import { isFound, isTenureEvent, type TenureEvent } from "./held-at.ts";

const begins: ReadonlySet<EventKind> = new Set<EventKind>([
  "LockAcquired",
  "LockHandedOver",
  "DelegatedGranted",
]);
const ends: ReadonlySet<EventKind> = new Set<EventKind>([
  "LockReleased",
  "LockExpired",
  "LockForceReleased",
  "DelegatedReleased",
  "DelegatedLost",
]);

interface Held {
  readonly event: TenureEvent;
  readonly sinceMs?: number;
  /** The latest revision that says it is there. */
  readonly seenAt: bigint;
}

/** Who held a lock at a moment by what shards gave out themselves: see holdersAt. */
export class ShardAt {
  readonly #holders = new Map<string, Held>();
  /** Those of before a gap; whoever was still there then is told anew behind it. */
  readonly #beforeGap = new Map<string, Held>();
  readonly #ended = new Set<string>();
  #doubts: { readonly cluster: string; readonly doubt: string }[] = [];
  /** Somebody had it alone, so all before had ended. */
  isSettled = false;

  constructor(before: readonly AuditEvent[], after: readonly AuditEvent[]) {
    for (const event of inOrder(before)) this.#apply(event);
    if (!this.isSettled) this.#lookBack(inOrder(after));
  }

  get holders(): readonly Omit<Held, "seenAt">[] {
    return [...this.#holders.values()].map(({ seenAt: _seenAt, ...held }) => held);
  }

  /** What of it may not be believed: a sentence each. */
  get doubts(): string[] {
    return this.#doubts.map(({ doubt }) => doubt);
  }

  #apply(event: AuditEvent): void {
    if (event.kind === "RecordUnreadable") {
      const { cluster, region, shard, revision } = event;
      const what = event.change === "put" ? "written" : "deleted";
      const doubt =
        `In ${shard} of ${region} a record of it was ${what} (revision ${revision}) that could ` +
        "not be read.";
      this.#doubts.push({ cluster, doubt });
    }
    if (event.kind === "AuditGap") this.#loseSight(event.cluster);
    if (!isTenureEvent(event)) return;
    const key = keyOf(event);
    if (begins.has(event.kind)) {
      if (event.mode === "exclusive") {
        this.isSettled = true;
        this.#doubts = this.#doubts.filter(({ cluster }) => cluster !== event.cluster);
      }
      this.#holders.set(key, this.#beginning(key, event));
    } else if (event.kind === "LockRenewed") {
      this.#holders.set(key, { ...(this.#holders.get(key) ?? { event }), seenAt: event.revision });
      if (event.mode === "exclusive") this.isSettled = true;
    } else if (ends.has(event.kind)) {
      this.#holders.delete(key);
      this.#ended.add(key);
    }
  }

  #beginning(key: string, event: TenureEvent): Held {
    const { cluster, revision: seenAt, atMs: sinceMs } = event;
    if (!isFound(event)) return { event, sinceMs, seenAt };
    for (const [other, held] of this.#holders) {
      const isGone = held.event.cluster === cluster && held.seenAt < seenAt && other !== key;
      if (isGone) this.#holders.delete(other);
    }
    const known = this.#holders.get(key) ?? this.#beforeGap.get(key);
    return { ...(known ?? { event }), seenAt };
  }

  /** All that stands in the shard is told behind a gap: of the rest nobody knows when it ended. */
  #loseSight(cluster: string): void {
    for (const [key, held] of this.#holders) {
      if (held.event.cluster !== cluster) continue;
      this.#holders.delete(key);
      this.#beforeGap.set(key, held);
      this.isSettled = true;
    }
  }

  /** What ends or goes on later, and did not begin later, was there. */
  #lookBack(after: readonly AuditEvent[]): void {
    const begun = new Set<string>();
    for (const event of after) {
      if (!isTenureEvent(event)) continue;
      const key = keyOf(event);
      if (begins.has(event.kind)) begun.add(key);
      const isLater = ends.has(event.kind) || event.kind === "LockRenewed";
      if (!isLater || begun.has(key) || this.#ended.has(key) || this.#holders.has(key)) continue;
      this.#holders.set(key, { event, seenAt: event.revision });
      if (event.mode === "exclusive") this.isSettled = true;
    }
  }
}

function keyOf({ cluster, grantId, token }: TenureEvent): string {
  return `${cluster} ${grantId} ${token}`;
}

/** Cluster by cluster, each in the order of what happened: no clock has to be believed. */
function inOrder(events: readonly AuditEvent[]): AuditEvent[] {
  return [...events].sort((left, right) => {
    if (left.cluster !== right.cluster) return left.cluster < right.cluster ? -1 : 1;
    if (left.revision !== right.revision) return left.revision < right.revision ? -1 : 1;
    return left.index - right.index;
  });
}
