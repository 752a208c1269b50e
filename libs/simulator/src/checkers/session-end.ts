import type { HistoryEntry } from "../history/history.ts";
import type { Checker, Run, Violation } from "../history/run.ts";

/**
 * Nobody is told that a session has ended while it lives: a client that hears it drops every lock
 * it holds there. It lives in a shard while the shard has the key that names its lease.
 */
export const sessionEnd: Checker = {
  name: "session-end",
  check(run: Run): Violation[] {
    const marks = marksOf(run.history);
    return run.history.flatMap((said, order) => {
      if (said.kind !== "session-end") return [];
      const living = (marks.get(said.session) ?? []).find(
        (mark) =>
          (said.shard === "" || said.shard === mark.shard) &&
          (said.lease === 0n || said.lease === mark.lease) &&
          mark.fromOrder < said.arrivedOrder &&
          mark.toOrder > order,
      );
      if (living === undefined) return [];
      const message = `${said.router} said that a session has ended, which lives in ${living.shard}`;
      return [{ checker: this.name, atMs: said.atMs, message }];
    });
  },
};

/** A stretch of the history in which a session had one lease in one shard. */
interface Mark {
  readonly shard: string;
  readonly lease: bigint;
  readonly fromOrder: number;
  toOrder: number;
}

function marksOf(history: readonly HistoryEntry[]): Map<string, Mark[]> {
  const marks = new Map<string, Mark[]>();
  for (const [order, entry] of history.entries()) {
    if (entry.kind !== "stored") continue;
    const { shard } = entry;
    for (const change of entry.changes) {
      if (!change.key.startsWith("v/")) continue;
      const session = change.key.slice("v/".length);
      const own = marks.get(session) ?? [];
      const last = own.findLast((mark) => mark.shard === shard);
      if (last !== undefined) last.toOrder = Math.min(last.toOrder, order);
      if (change.kind === "put") {
        const { lease } = change;
        own.push({ shard, lease, fromOrder: order, toOrder: Number.POSITIVE_INFINITY });
      }
      marks.set(session, own);
    }
  }
  return marks;
}
