import { utf8 } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { SeededRandom } from "@holdfast/base/random";
import { delegationKeys } from "@holdfast/core/delegation/delegation-keys";
import { type DelegationState, openedState } from "@holdfast/core/delegation/delegation-state";
import { readLocal } from "@holdfast/core/delegation/local-reading";
import type { LocalStep, Place, ReleaseStep } from "@holdfast/core/delegation/local-step";
import { localTxn } from "@holdfast/core/delegation/local-txn";
import { encodeEpoch } from "@holdfast/core/lock/epoch";
import { epochKey } from "@holdfast/core/lock/keys";
import { encodeGeneration } from "@holdfast/core/quorum/acceptor";
import { generationKey } from "@holdfast/core/quorum/register-keys";
import { requestOf } from "@holdfast/core/quorum/testing/requests";
import type { Txn, TxnResult } from "@holdfast/core/txn/txn";
import { ShardState } from "@holdfast/engine/memory/shard-state";
import { defaultTxnLimits } from "@holdfast/engine/memory/txn-limits";
import { expect, test } from "vitest";
import { markerOf } from "./region-shard.ts";
import { carryOut, type Keys, withoutLease } from "./shard-keys.ts";

const site = { keys: delegationKeys(0, "m", "l"), epoch: 1, generation: 1 };
const names = ["a", "b"] as const;
const programs = 100;

/** The keys of the model and the store of the tests, side by side. */
class Both {
  keys: Keys = new Map();
  readonly store = new ShardState(defaultTxnLimits);

  commit(txn: Txn): TxnResult {
    const revision = BigInt(this.store.revision + 1);
    const applied = this.store.commit(txn);
    if (typeof applied === "string") throw new Error(applied);
    const carried = carryOut(this.keys, txn, revision);
    expect(carried.result).toEqual(applied.result);
    this.keys = carried.keys;
    return carried.result;
  }
}

test(`keys answer as a store does, over ${programs} random programs of steps`, () => {
  const done = new Map<string, number>();
  for (let seed = 1; seed <= programs; seed++) run(new Both(), new SeededRandom(seed), done);
  for (const kind of ["open", "renew", "grant", "promote", "close"]) {
    expect(done.get(kind), kind).toBeGreaterThan(0);
  }
});

function run(both: Both, random: SeededRandom, done: Map<string, number>): void {
  const put = (key: string, value: Uint8Array) => ({ kind: "put", key, value, lease: 0n }) as const;
  const base = [put(epochKey, encodeEpoch(1)), put(generationKey, encodeGeneration(1))];
  both.commit({ compares: [], success: base, failure: [] });
  for (const name of names) {
    const { key, value, lease } = markerOf(name, 1);
    both.store.grant(lease);
    both.commit({ compares: [], success: [{ kind: "put", key, value, lease }], failure: [] });
  }
  const places = new Map<string, Place>();
  let known: DelegationState = openedState("d1.g1" as GrantId, 1n);
  for (let count = 0; count < 30; count++) {
    if (random.next() < 0.02) endLease(both, "b");
    const step = stepOf(random, known, places);
    const read = readLocal(site, step, both.commit(localTxn(site, step)));
    done.set(step.kind, (done.get(step.kind) ?? 0) + (read.kind === "done" ? 1 : 0));
    if (read.kind === "placed" && step.kind === "enqueue") {
      places.set(step.request.grantId, { ...step, since: read.since, written: read.written });
    }
    const seen = readLocal(site, { kind: "look" }, both.commit(localTxn(site, { kind: "look" })));
    // Now and then a step is built on what is outdated.
    if (seen.kind === "seen" && seen.state && random.next() < 0.8) known = seen.state;
  }
  both.commit({ compares: [], success: [put("last", utf8("x"))], failure: [] });
}

function endLease(both: Both, name: string): void {
  const { lease } = markerOf(name, 1);
  if (both.store.leaseKeys(lease) === undefined) return;
  both.store.revoke(lease);
  both.keys = withoutLease(both.keys, lease);
}

function stepOf(
  random: SeededRandom,
  known: DelegationState,
  places: ReadonlyMap<string, Place>,
): LocalStep {
  const name = random.next() < 0.5 ? "a" : "b";
  const asked = { request: requestOf(name), marker: markerOf(name, 1) };
  const grantId = name as GrantId;
  const place = places.get(name);
  const from = { ...known, isOpen: true };
  const counter = known.counter + BigInt(Math.floor(random.next() * 2));
  const token = (known.counter << 20n) | BigInt(known.sequence);
  // A request does not hand over to itself: etcd takes no two writes of one key.
  const other = places.get(name === "a" ? "b" : "a");
  const next: ReleaseStep["next"] =
    other === undefined ? { kind: "close", from } : { kind: "hand-over", from, place: other };
  const choices: LocalStep[] = [
    { kind: "open", state: openedState(`d${counter}.g1` as GrantId, counter) },
    { kind: "renew", from, counter: known.counter + 1n },
    { kind: "grant", from, ...asked },
    { kind: "enqueue", ...asked, coordinator: "c" },
    { kind: "close", from },
    { kind: "release", grantId, token, marker: asked.marker, next },
    ...(place === undefined ? [] : [{ kind: "promote", from, place } as const]),
    ...(random.next() < 0.2 ? [{ kind: "cancel", grantId, marker: asked.marker } as const] : []),
  ];
  return choices[Math.floor(random.next() * choices.length)] as LocalStep;
}
