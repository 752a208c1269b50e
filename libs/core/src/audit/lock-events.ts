import type { GrantId } from "@holdfast/base/ids";
import { limits } from "../limits.ts";
import { decodeForced, type ForcedRecord } from "../lock/forced-record.ts";
import type { LockId } from "../lock/lock-id.ts";
import type { KeyValue } from "../txn/txn.ts";
import type { Happening } from "./event.ts";
import { type GrantChange, type LineStep, queuedAt, whoJoined, whoLeft } from "./line-events.ts";
import { howItWent, type Surroundings } from "./surroundings.ts";
import { placeOf, tenureOf, unreadable } from "./tenure.ts";

/**
 * What a revision did to one local lock, from all that it did to the lock's keys. First what ended,
 * then who left the line, then what began, then who joined the line; a batch holds at most one
 * operation that grants or releases a lock, so this is the order in which it happened.
 *
 * - A holder's key that goes with its lease's marker has expired, or its session was closed; one
 *   that goes in the transaction that puts `f/…` was taken by force; any other was released.
 * - A holder's key that is made where the place of the same request goes comes out of the line: a
 *   hand-over if a release is in the same revision, else a promotion.
 * - A holder's key that is written again has the token it had: it is no new grant.
 * - A place that goes with its lease's marker has expired; any other was withdrawn, whether the
 *   client cancelled, its time was over or it is gone. Each of these leaves the same tombstone.
 * - A place that is written again is where it was: nothing to tell.
 */
export function lockEvents(
  lock: LockId,
  changes: readonly GrantChange[],
  around: Surroundings,
): Happening[] {
  const holders = changes.filter(({ kind }) => kind === "x" || kind === "s");
  const forced = changes.filter(({ kind, after }) => kind === "f" && after !== undefined);
  const standing = holders.filter(({ after }) => after !== undefined);
  const line: LineStep = {
    lock,
    places: changes.filter(({ kind }) => kind === "q"),
    granted: new Set(standing.map(({ grantId }) => grantId)),
    read: (grantId, kv) => placeOf(lock, grantId, kv),
  };
  const ended = holders
    .filter(({ after }) => after === undefined)
    .map((change) => endOf(lock, change, forced, around));
  const from = ended.find((each) => each.kind === "LockReleased" && each.cause === "released");
  const releaser = from?.kind === "LockReleased" ? from.grantId : undefined;
  return [
    ...forced.flatMap((change) => unreadableForced(lock, change)),
    ...ended,
    ...whoLeft(line, around),
    ...standing.map((change) => beginningOf(line, change, releaser)),
    ...whoJoined(line),
  ];
}

function endOf(
  lock: LockId,
  { kind, grantId, before }: GrantChange,
  forced: readonly GrantChange[],
  around: Surroundings,
): Happening {
  const tenure = before && tenureOf(lock, grantId, before);
  if (tenure === undefined) return unreadable(kind, "deleted", { lock, grantId });
  const record = forced.find((each) => each.grantId === grantId)?.after;
  if (record !== undefined) {
    const { actor = "", reason = "" } = whoForced(record) ?? {};
    return { kind: "LockForceReleased", ...tenure, actor, reason };
  }
  const how = howItWent(around, before?.lease ?? 0n, tenure.session);
  if (how === "expired") return { kind: "LockExpired", ...tenure };
  const cause = how === "by-request" ? "released" : how;
  return { kind: "LockReleased", ...tenure, cause };
}

function beginningOf(
  line: LineStep,
  { kind, grantId, before, after }: GrantChange,
  releaser: GrantId | undefined,
): Happening {
  const { lock } = line;
  const tenure = after && tenureOf(lock, grantId, after);
  if (tenure === undefined) return unreadable(kind, "put", { lock, grantId });
  if (before !== undefined) return { kind: "LockRenewed", ...tenure };
  const waited = queuedAt(line, grantId);
  if (waited.queuedAt === undefined || releaser === undefined) {
    return { kind: "LockAcquired", ...tenure, ...waited };
  }
  return { kind: "LockHandedOver", ...tenure, ...waited, from: releaser };
}

/** The release is told all the same; this says why nobody is named for it. */
function unreadableForced(lock: LockId, { grantId, after }: GrantChange): Happening[] {
  const isReadable = after !== undefined && whoForced(after) !== undefined;
  return isReadable ? [] : [unreadable("f", "put", { lock, grantId })];
}

function whoForced({ value }: KeyValue): ForcedRecord | undefined {
  const record = decodeForced(value);
  const isShort =
    record !== undefined &&
    record.actor.length <= limits.ownerBytesMax &&
    record.reason.length <= limits.metadataBytesMax;
  return isShort ? record : undefined;
}
