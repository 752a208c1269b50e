import { parseKey } from "@holdfast/core/lock/keys";
import type { HistoryEntry, ToldEntry } from "../history/history.ts";
import { LeaseLife } from "../history/lease-life.ts";
import type { Place, Tenure } from "../history/lock-step.ts";
import type { Checker, Run, Violation } from "../history/run.ts";

/**
 * A router's definite answer is true when it is sent: what was released or cancelled is neither
 * held nor waited for, what was granted had been granted. Where it is for good it stays true while
 * the tombstone has a lease to stand on, and a tombstone there must be while the request's lease
 * lives.
 */
export const definiteAnswer: Checker = {
  name: "definite-answer",
  check(run: Run): Violation[] {
    const grants: Grants = {
      tenures: grouped(run.tenures),
      places: grouped(run.places),
      tombstones: tombstonesOf(run.history),
      leases: new LeaseLife(run.history),
    };
    const violations: Violation[] = [];
    for (const [order, told] of run.history.entries()) {
      if (told.kind !== "told") continue;
      const problem = problemOf(told, order, grants);
      if (problem === undefined) continue;
      const message = `${told.router} said ${told.what} of ${told.grantId} on ${told.lock}, ${problem}`;
      violations.push({ checker: this.name, atMs: told.atMs, message });
    }
    return violations;
  },
};

/** The store's truth by grant id. */
interface Grants {
  readonly tenures: ReadonlyMap<string, Tenure[]>;
  readonly places: ReadonlyMap<string, Place[]>;
  readonly tombstones: ReadonlyMap<string, Tombstone[]>;
  readonly leases: LeaseLife;
}

/** A tombstone was put on a lease, or taken away with it. A request may have several. */
interface Tombstone {
  readonly order: number;
  readonly key: string;
  readonly shard: string;
  readonly lease: bigint | undefined;
}

function problemOf(told: ToldEntry, order: number, grants: Grants): string | undefined {
  const tenures = grants.tenures.get(told.grantId) ?? [];
  const places = grants.places.get(told.grantId) ?? [];
  if (told.what === "granted") {
    const known = tenures.some((it) => it.token === told.token && it.grantedOrder < order);
    return known ? undefined : `token ${told.token}, but the store never granted it`;
  }
  const holds = tenures.find(
    (it) =>
      it.grantedOrder < order &&
      it.endedOrder > order &&
      (told.what === "cancelled" || it.token === told.token),
  );
  if (holds !== undefined) return `but ${holds.request} holds it`;
  if (told.what === "cancelled") {
    const waits = places.find((it) => it.queuedOrder < order && it.leftOrder > order);
    if (waits !== undefined) return `but ${waits.request} stands in line`;
  }
  if (!told.forGood) return undefined;
  const later = [
    ...tenures.map((it) => ({ ...it, order: it.grantedOrder, atMs: it.grantedAtMs })),
    ...places.map((it) => ({ ...it, order: it.queuedOrder, atMs: it.queuedAtMs })),
  ].find((it) => it.order > order && isRefused(it, told, order, grants));
  return later === undefined ? undefined : `but a late copy of ${later.request} got through`;
}

/** The late copy should have been refused: a tombstone stood, or there was a lease for one. */
function isRefused(
  late: { readonly atMs: number; readonly shard: string; readonly lease: bigint },
  told: ToldEntry,
  order: number,
  { tombstones, leases }: Grants,
): boolean {
  const standing = new Map<string, Tombstone>();
  for (const tombstone of tombstones.get(told.grantId) ?? []) {
    if (tombstone.order > order) break;
    if (tombstone.lease === undefined) standing.delete(tombstone.key);
    else standing.set(tombstone.key, tombstone);
  }
  if (standing.size > 0) {
    return [...standing.values()].some(
      ({ shard, lease }) => lease !== undefined && leases.livesAt(shard, lease, late.atMs),
    );
  }
  return leases.markedOrder(late.shard, late.lease) < told.arrivedOrder;
}

function tombstonesOf(history: readonly HistoryEntry[]): Map<string, Tombstone[]> {
  const tombstones: (Tombstone & { readonly grantId: string })[] = [];
  for (const [order, entry] of history.entries()) {
    if (entry.kind !== "stored") continue;
    for (const change of entry.changes) {
      const key = change.key.startsWith("t/") ? parseKey(change.key) : undefined;
      if (key === undefined) continue;
      const lease = change.kind === "put" ? change.lease : undefined;
      const { shard } = entry;
      tombstones.push({ grantId: key.grantId, order, key: change.key, shard, lease });
    }
  }
  return grouped(tombstones);
}

function grouped<T extends { readonly grantId: string }>(items: readonly T[]): Map<string, T[]> {
  return Map.groupBy(items, ({ grantId }) => grantId);
}
