import type { GrantId } from "@holdfast/base/ids";
import type { LockId } from "../lock/lock-id.ts";
import type { KeyValue } from "../txn/txn.ts";
import type { Happening, Tenancy } from "./event.ts";
import { howItWent, type Surroundings } from "./surroundings.ts";
import { unreadable } from "./tenure.ts";

/** What a revision did to one key of a lock. */
export interface GrantChange {
  /** See audited-key.ts. */
  readonly kind: string;
  /** Empty where the key is not of one grant. */
  readonly grantId: GrantId;
  readonly before?: KeyValue;
  readonly after?: KeyValue;
}

/** What a revision did to the line of one lock. */
export interface LineStep {
  readonly lock: LockId;
  readonly places: readonly GrantChange[];
  /** Who has the lock after the revision that wrote its key. */
  readonly granted: ReadonlySet<GrantId>;
  /** Reads a place. */
  readonly read: (grantId: GrantId, kv: KeyValue) => Tenancy | undefined;
}

/** Who left the line without the lock. */
export function whoLeft({ lock, places, granted, read }: LineStep, around: Surroundings) {
  return places.flatMap(({ grantId, before, after }): Happening[] => {
    if (before === undefined || after !== undefined || granted.has(grantId)) return [];
    const place = read(grantId, before);
    if (place === undefined) return [unreadable("q", "deleted", { lock, grantId })];
    const how = howItWent(around, before.lease, place.session);
    const cause = how === "by-request" ? "withdrawn" : how;
    return [{ kind: "WaiterLeft", ...place, queuedAt: before.createRevision, cause }];
  });
}

/** Who joined the line. */
export function whoJoined({ lock, places, read }: LineStep): Happening[] {
  return places.flatMap(({ grantId, before, after }): Happening[] => {
    if (before !== undefined || after === undefined) return [];
    const place = read(grantId, after);
    if (place === undefined) return [unreadable("q", "put", { lock, grantId })];
    return [{ kind: "WaiterQueued", ...place }];
  });
}

/** When one that has the lock now joined the line it came out of in this revision. */
export function queuedAt({ places }: LineStep, grantId: GrantId): { readonly queuedAt?: bigint } {
  const place = places.find((each) => each.grantId === grantId && each.after === undefined);
  const revision = place?.before?.createRevision;
  return revision === undefined ? {} : { queuedAt: revision };
}
