import type { ToldEntry } from "../history/history.ts";
import type { Place, Tenure } from "../history/lock-step.ts";
import type { Checker, Run, Violation } from "../history/run.ts";

/**
 * A router's definite answer is true when it is sent, and where it is for good it stays true: what
 * was released or cancelled is neither held nor waited for, what was granted had been granted.
 */
export const definiteAnswer: Checker = {
  name: "definite-answer",
  check(run: Run): Violation[] {
    const grants: Grants = {
      tenures: grouped(run.tenures),
      places: grouped(run.places),
      leaseOrders: leaseOrdersOf(run),
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

/** The store's truth by grant id, and when each lease was made. */
interface Grants {
  readonly tenures: ReadonlyMap<string, Tenure[]>;
  readonly places: ReadonlyMap<string, Place[]>;
  readonly leaseOrders: ReadonlyMap<bigint, number>;
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
  const untilMs = told.atMs + told.forGoodMs;
  const later = [
    ...tenures.filter((it) => it.grantedOrder > order && it.grantedAtMs < untilMs),
    ...places.filter((it) => it.queuedOrder > order && it.queuedAtMs < untilMs),
  ].find((it) => !it.hasSession || (grants.leaseOrders.get(it.lease) ?? 0) < order);
  return later === undefined ? undefined : `but a late copy of ${later.request} got through`;
}

function leaseOrdersOf(run: Run): Map<bigint, number> {
  const orders = new Map<bigint, number>();
  for (const [order, entry] of run.history.entries()) {
    if (entry.kind === "lease" && entry.what === "granted") orders.set(entry.lease, order);
  }
  return orders;
}

function grouped<T extends { readonly grantId: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.grantId);
    if (group === undefined) groups.set(item.grantId, [item]);
    else group.push(item);
  }
  return groups;
}
