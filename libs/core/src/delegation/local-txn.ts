import { emptyBytes } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { type Marker, markerLives } from "../lease/marker.ts";
import { epochIs } from "../lock/epoch.ts";
import { epochKey } from "../lock/keys.ts";
import { generationIs } from "../quorum/acceptor.ts";
import { generationKey } from "../quorum/register-keys.ts";
import {
  absent,
  type Compare,
  type Op,
  rangeEmpty,
  type Txn,
  valueIs,
  writtenAt,
} from "../txn/txn.ts";
import { buriedKey, buriedOf, type DelegationKeys } from "./delegation-keys.ts";
import {
  closedState,
  type DelegationState,
  encodeCounter,
  encodeState,
  grantedState,
  localToken,
  openedState,
} from "./delegation-state.ts";
import { encodeHolder, encodePlace, encodeToken } from "./local-record.ts";
import type {
  CancelStep,
  EnqueueStep,
  GrantStep,
  LocalStep,
  OpenStep,
  Place,
  ReleaseStep,
} from "./local-step.ts";

/** Where a region's shard keeps a lock, under one pinned placement and generation. */
export interface DelegationSite {
  readonly keys: DelegationKeys;
  readonly epoch: number;
  readonly generation: number;
}

/** The one transaction of a step; local-reading.ts reads its answer. */
export function localTxn(site: DelegationSite, step: LocalStep): Txn {
  const { keys } = site;
  switch (step.kind) {
    case "open":
      return openTxn(site, step);
    case "renew": {
      const { from, counter } = step;
      invariant(
        from.isOpen && counter > from.counter,
        "a delegation goes on under a larger counter",
      );
      const renewed = openedState(from.id, counter);
      return moved(site, [isAt(keys, from)], [putState(keys, renewed)]);
    }
    case "grant":
      return grantTxn(site, step);
    case "enqueue":
      return enqueueTxn(site, step);
    case "promote": {
      const { from, place } = step;
      return moved(
        site,
        [isAt(keys, from), nobodyHolds(keys), stands(keys, place)],
        give(keys, from, place),
      );
    }
    case "release":
      return releaseTxn(site, step);
    case "close": {
      const { from } = step;
      // Ended with a holder in place, the next region would grant beside it.
      return moved(
        site,
        [isAt(keys, from), nobodyHolds(keys)],
        [putState(keys, closedState(from))],
      );
    }
    case "cancel":
      return cancelTxn(site, step);
    case "look":
      return { compares: mayWrite(site), success: lookOps(keys), failure: whereReads };
  }
}

function openTxn(site: DelegationSite, { state }: OpenStep): Txn {
  const { keys } = site;
  const below: Compare = {
    target: "value",
    key: keys.state,
    op: "<",
    value: encodeCounter(state.counter),
  };
  const success: Op[] = [
    putState(keys, state),
    { kind: "delete", key: keys.holders.prefix, rangeEnd: keys.holders.end },
  ];
  // A value compare is false where the key is missing (hazard 5), hence the second try.
  const create = moved(site, [absent(keys.state)], success);
  return {
    compares: [...mayWrite(site), below],
    success,
    failure: [{ kind: "txn", txn: create }],
  };
}

function grantTxn(site: DelegationSite, { from, request, marker }: GrantStep): Txn {
  const { keys } = site;
  return {
    compares: [...mayAsk(site, request.grantId, marker), isAt(keys, from), nobodyHolds(keys)],
    success: give(keys, from, { request, marker }),
    failure: whyLost(site, request.grantId, marker),
  };
}

/** A place stands whether or not the lock is delegated: the line is there before the delegation. */
function enqueueTxn(site: DelegationSite, { request, marker, coordinator }: EnqueueStep): Txn {
  const { keys } = site;
  const { grantId } = request;
  const key = keys.places.prefix + grantId;
  return {
    compares: [...mayAsk(site, grantId, marker), absent(keys.holders.prefix + grantId)],
    success: [
      { kind: "put", key, value: encodePlace(request, coordinator), lease: marker.lease },
      point(key),
    ],
    failure: whyLost(site, grantId, marker),
  };
}

function releaseTxn(site: DelegationSite, step: ReleaseStep): Txn {
  const { keys, epoch } = site;
  const { grantId, token, next } = step;
  const own = keys.holders.prefix + grantId;
  const success: Op[] = [{ kind: "delete", key: own }];
  if (next !== undefined) success.push({ kind: "txn", txn: nextTxn(site, next) });
  const release: Txn = {
    compares: [
      epochIs(epoch),
      { target: "value", key: own, op: ">", value: encodeToken(token) },
      { target: "value", key: own, op: "<", value: encodeToken(token + 1n) },
    ],
    success,
    failure: [],
  };
  return {
    compares: [epochIs(epoch)],
    success: [nested(release), ...bury(site, step)],
    failure: [point(epochKey)],
  };
}

function nextTxn(site: DelegationSite, next: NonNullable<ReleaseStep["next"]>): Txn {
  const { keys, generation } = site;
  const { from } = next;
  const compares = [generationIs(generation), isAt(keys, from)];
  if (next.kind === "close") {
    return { compares, success: [putState(keys, closedState(from))], failure: [] };
  }
  const { place } = next;
  return {
    compares: [...compares, stands(keys, place)],
    success: give(keys, from, place),
    failure: [],
  };
}

function cancelTxn(site: DelegationSite, step: CancelStep): Txn {
  const { keys, epoch } = site;
  return {
    compares: [epochIs(epoch)],
    success: [...bury(site, step), point(keys.holders.prefix + step.grantId)],
    failure: [point(epochKey)],
  };
}

/** The request gets nothing here any more [H9]: not even from what is under way already. */
function bury(site: DelegationSite, { grantId, marker }: CancelStep | ReleaseStep): Op[] {
  const { keys } = site;
  const withdraw: Op = { kind: "delete", key: keys.places.prefix + grantId };
  if (marker === undefined) return [withdraw];
  const { lease } = marker;
  const key = buriedKey(keys, grantId, lease);
  const txn: Txn = {
    compares: [markerLives(marker)],
    success: [{ kind: "put", key, value: emptyBytes, lease }],
    failure: [],
  };
  return [withdraw, nested(txn)];
}

function mayWrite({ epoch, generation }: DelegationSite): Compare[] {
  return [epochIs(epoch), generationIs(generation)];
}

/** Its session lives here, and it was not given up. */
function mayAsk(site: DelegationSite, grantId: GrantId, marker: Marker): Compare[] {
  const buried = buriedOf(site.keys, grantId);
  return [...mayWrite(site), markerLives(marker), rangeEmpty(buried.prefix, buried.end)];
}

function isAt(keys: DelegationKeys, state: DelegationState): Compare {
  return valueIs(keys.state, encodeState(state));
}

function nobodyHolds({ holders }: DelegationKeys): Compare {
  return rangeEmpty(holders.prefix, holders.end);
}

/** Its key hangs on its lease, so the lease lives too. */
function stands({ places }: DelegationKeys, { request, written }: Place): Compare {
  return writtenAt(places.prefix + request.grantId, written);
}

/**
 * With a tombstone of its own, for a request is granted once: a copy that waits at another
 * coordinator would have the lock again after this grant was lost, and nobody would give it back.
 */
function give(
  keys: DelegationKeys,
  from: DelegationState,
  { request, marker }: Pick<Place, "request" | "marker">,
): Op[] {
  const { grantId } = request;
  const { lease } = marker;
  const next = grantedState(from);
  const value = encodeHolder(request, localToken(next));
  return [
    putState(keys, next),
    { kind: "put", key: keys.holders.prefix + grantId, value, lease },
    { kind: "put", key: buriedKey(keys, grantId, lease), value: emptyBytes, lease },
    { kind: "delete", key: keys.places.prefix + grantId },
  ];
}

function putState(keys: DelegationKeys, state: DelegationState): Op {
  return { kind: "put", key: keys.state, value: encodeState(state), lease: 0n };
}

function moved(site: DelegationSite, compares: readonly Compare[], success: readonly Op[]): Txn {
  return {
    compares: [...mayWrite(site), ...compares],
    success,
    failure: [...whereReads, ...lookOps(site.keys)],
  };
}

function whyLost({ keys }: DelegationSite, grantId: GrantId, marker: Marker): Op[] {
  const buried = buriedOf(keys, grantId);
  return [
    ...whereReads,
    ...lookOps(keys),
    { kind: "range", key: buried.prefix, rangeEnd: buried.end, limit: 1, keysOnly: true },
    point(marker.key),
  ];
}

const whereReads: readonly Op[] = [point(epochKey), point(generationKey)];

function lookOps({ state, holders }: DelegationKeys): Op[] {
  return [point(state), { kind: "range", key: holders.prefix, rangeEnd: holders.end, limit: 1 }];
}

function point(key: string): Op {
  return { kind: "range", key };
}

function nested(txn: Txn): Op {
  return { kind: "txn", txn };
}
