import type { GrantId } from "@holdfast/base/ids";
import { counterOf, decodeState } from "../delegation/delegation-state.ts";
import { decodeHolder, decodePlace } from "../delegation/local-record.ts";
import type { LockId } from "../lock/lock-id.ts";
import type { KeyValue } from "../txn/txn.ts";
import type { Happening, Tenancy, Tenure } from "./event.ts";
import { type GrantChange, type LineStep, queuedAt, whoJoined, whoLeft } from "./line-events.ts";
import { howItWent, type Surroundings } from "./surroundings.ts";
import { requesterOf, unreadable } from "./tenure.ts";

/**
 * What a revision did to a global lock in the shard that decides for its region, in the order of
 * lock-events.ts. A holder whose key goes where the delegation's state rises to a counter above
 * that of its token lost the lock with the delegation it was given under.
 *
 * A force release leaves no trace of its own here: it is a release like any other.
 */
export function delegatedEvents(
  lock: LockId,
  changes: readonly GrantChange[],
  around: Surroundings,
): Happening[] {
  const holders = changes.filter(({ kind }) => kind === "h");
  const standing = holders.filter(({ after }) => after !== undefined);
  const line: LineStep = {
    lock,
    places: changes.filter(({ kind }) => kind === "q"),
    granted: new Set(standing.map(({ grantId }) => grantId)),
    read: (_grantId, kv) => placeOf(lock, kv),
  };
  const state = changes.find(({ kind }) => kind === "d")?.after;
  const counter = state === undefined ? undefined : decodeState(state.value)?.counter;
  const ended = holders
    .filter(({ after }) => after === undefined)
    .map((change) => endOf(lock, change, counter ?? 0n, around));
  const from = ended.find((each) => each.kind === "DelegatedReleased");
  const releaser = from?.kind === "DelegatedReleased" ? from.grantId : undefined;
  return [
    ...ended,
    ...whoLeft(line, around),
    ...standing.map((change) => beginningOf(line, change, releaser)),
    ...whoJoined(line),
  ];
}

function endOf(
  lock: LockId,
  { grantId, before }: GrantChange,
  counter: bigint,
  around: Surroundings,
): Happening {
  const tenure = before && tenureOf(lock, before);
  if (before === undefined || tenure === undefined) {
    return unreadable("h", "deleted", { lock, grantId });
  }
  const how = howItWent(around, before.lease, tenure.session);
  if (how === "expired") return { kind: "DelegatedLost", ...tenure, cause: how };
  if (how === "session-closed") return { kind: "DelegatedReleased", ...tenure, cause: how };
  const isSuperseded = counter > counterOf(tenure.token);
  if (isSuperseded) return { kind: "DelegatedLost", ...tenure, cause: "superseded" };
  return { kind: "DelegatedReleased", ...tenure, cause: "released" };
}

function beginningOf(
  line: LineStep,
  { grantId, before, after }: GrantChange,
  from: GrantId | undefined,
): Happening {
  const { lock } = line;
  const tenure = after && tenureOf(lock, after);
  if (tenure === undefined) return unreadable("h", "put", { lock, grantId });
  if (before !== undefined) return { kind: "LockRenewed", ...tenure };
  const released = from === undefined ? {} : { from };
  return { kind: "DelegatedGranted", ...tenure, ...queuedAt(line, grantId), ...released };
}

function tenureOf(lock: LockId, { value }: KeyValue): Tenure | undefined {
  const holder = decodeHolder(value);
  const requester = holder && requesterOf(lock, holder.request);
  return requester && { ...requester, token: holder.token };
}

function placeOf(lock: LockId, { value }: KeyValue): Tenancy | undefined {
  const place = decodePlace(value);
  return place && requesterOf(lock, place.request);
}
