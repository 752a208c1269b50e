import { utf8 } from "@holdfast/base/bytes";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { delegationKeys } from "@holdfast/core/delegation/delegation-keys";
import {
  closedState,
  type DelegationState,
  openedState,
} from "@holdfast/core/delegation/delegation-state";
import { readLocal } from "@holdfast/core/delegation/local-reading";
import type { LocalReply, LocalStep, Place } from "@holdfast/core/delegation/local-step";
import { localTxn } from "@holdfast/core/delegation/local-txn";
import { type Marker, sessionMarker } from "@holdfast/core/lease/marker";
import { encodeEpoch } from "@holdfast/core/lock/epoch";
import { epochKey } from "@holdfast/core/lock/keys";
import { encodeGeneration } from "@holdfast/core/quorum/acceptor";
import { generationKey } from "@holdfast/core/quorum/register-keys";
import { requestOf } from "@holdfast/core/quorum/testing/requests";
import type { Txn, TxnResult } from "@holdfast/core/txn/txn";
import type { ShardStore } from "@holdfast/engine/ports/shard-store";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DelegationTwin } from "../simulation/delegation/delegation-twin.ts";
import { markerOf } from "../simulation/delegation/delegation-world.ts";
import { type StoreUnderTest, stores } from "./stores.ts";

const programs = 150;
const generation = 1;
const epoch = 3;
const names = ["one", "two", "three", "four", "five", "six"] as const;
const delegations = ["d1", "d2"] as const;

type Move =
  | { readonly kind: "open"; readonly delegation: number; readonly isOpen: boolean }
  | { readonly kind: "renew"; readonly stale: number }
  | { readonly kind: "close"; readonly stale: number }
  | { readonly kind: "grant" | "promote"; readonly who: number; readonly stale: number }
  | { readonly kind: "enqueue" | "cancel" | "end"; readonly who: number }
  | {
      readonly kind: "release";
      readonly who: number;
      readonly isRight: boolean;
      readonly next: "nothing" | "hand-over" | "close";
      readonly to: number;
      readonly stale: number;
    }
  | { readonly kind: "look" };

const who = fc.integer({ min: 0, max: names.length - 1 });
/** How many states back a step was built on: mostly on the present one. */
const stale = fc.constantFrom(0, 0, 0, 0, 1, 2);
const open = fc.record({
  kind: fc.constant("open" as const),
  delegation: fc.integer({ min: 0, max: delegations.length - 1 }),
  isOpen: fc.constantFrom(true, true, true, true, false),
});
const release = fc.record({
  kind: fc.constant("release" as const),
  who,
  isRight: fc.constantFrom(true, true, true, true, true, false),
  next: fc.constantFrom("nothing" as const, "hand-over" as const, "hand-over" as const, "close"),
  to: who,
  stale,
});
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 3, arbitrary: open },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("renew" as const, "close" as const), stale }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom("grant" as const, "promote"), who, stale }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("enqueue" as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("cancel" as const, "end" as const), who }),
  },
  { weight: 5, arbitrary: release },
  { weight: 1, arbitrary: fc.constant({ kind: "look" as const }) },
);

/** A lock's keys in a store, by the product's transactions. */
class StoredDelegation {
  readonly #store: ShardStore;
  readonly #site;

  constructor(store: ShardStore, name: string, at = epoch) {
    this.#store = store;
    this.#site = { keys: delegationKeys(7, "contract", name), epoch: at, generation };
  }

  async carryOut(step: LocalStep) {
    return readLocal(this.#site, step, await this.#commit(localTxn(this.#site, step)));
  }

  async open(name: string): Promise<Marker> {
    const granted = await this.#store.grantLease(600);
    if (granted.kind !== "granted") throw new Error(granted.message);
    const marker = sessionMarker(requestOf(name).session, granted.lease, 15_000);
    const { key, value, lease } = marker;
    await this.#commit({
      compares: [],
      success: [{ kind: "put", key, value, lease }],
      failure: [],
    });
    return marker;
  }

  end({ lease }: Marker) {
    return this.#store.revokeLease(lease);
  }

  async #commit(txn: Txn): Promise<TxnResult> {
    const reply = await this.#store.commit(txn);
    if (reply.kind !== "committed") throw new Error(`${reply.kind}: ${reply.message}`);
    return reply.result;
  }
}

for (const { name, missing, start } of stores) {
  describe.skipIf(missing !== undefined)(`a delegated lock on ${name}`, () => {
    let started: StoreUnderTest;
    beforeAll(async () => {
      started = await start();
      const put = (key: string, value: Uint8Array) => {
        return { kind: "put", key, value, lease: 0n } as const;
      };
      const success = [
        put(generationKey, encodeGeneration(generation)),
        put(epochKey, encodeEpoch(epoch)),
      ];
      await started.store.commit({ compares: [], success, failure: [] });
    });
    afterAll(() => started?.[Symbol.asyncDispose]());

    it(`answers as its twin in the simulation does, over ${programs} random programs`, async () => {
      let program = 0;
      const moves = fc.array(move, { minLength: 10, maxLength: 45 });
      await fc.assert(
        fc.asyncProperty(moves, async (plan) => {
          await new Program(started.store, `${name}-${program++}`).run(plan);
        }),
        { numRuns: programs, seed: 20_261_121 },
      );
    }, 240_000);

    it("does nothing at another epoch, nor on bytes it cannot read", async () => {
      const stored = new StoredDelegation(started.store, `${name}-elsewhere`, 2);
      const marker = await stored.open(`${name}-elsewhere`);
      const grantId = "g" as GrantId;
      const from = openedState("d" as GrantId, 1n);
      const request = requestOf("g");
      const steps: LocalStep[] = [
        { kind: "open", state: from },
        { kind: "grant", from, request, marker },
        { kind: "enqueue", request, marker, coordinator: "c" },
        { kind: "release", grantId, token: 1n, marker },
        { kind: "cancel", grantId, marker },
        { kind: "close", from },
        { kind: "look" },
      ];
      for (const step of steps) {
        expect(await stored.carryOut(step), step.kind).toEqual({
          kind: "epoch",
          shardEpoch: epoch,
        });
      }
      const damaged = `${name}-damaged`;
      const { state } = delegationKeys(7, "contract", damaged);
      const put = { kind: "put", key: state, value: utf8("no state"), lease: 0n } as const;
      await started.store.commit({ compares: [], success: [put], failure: [] });
      const reply = await new StoredDelegation(started.store, damaged).carryOut({ kind: "look" });
      expect(reply).toEqual({ kind: "damaged", key: state });
    });
  });
}

/** The same steps in a store and in the twin, each with leases and revisions of its own. */
class Program {
  readonly #name: string;
  readonly #stored: StoredDelegation;
  readonly #twin = new DelegationTwin(() => {});
  readonly #markers = new Map<string, Marker>();
  readonly #twinMarkers = new Map<string, Marker>();
  readonly #places = new Map<string, { readonly stored: Place; readonly twin: Place }>();
  readonly #states: DelegationState[] = [];
  #counter = 0n;
  #leases = 0;

  constructor(store: ShardStore, name: string) {
    this.#name = name;
    this.#stored = new StoredDelegation(store, name);
  }

  async run(plan: readonly Move[]): Promise<void> {
    for (const name of names) await this.#open(name);
    for (const each of plan) {
      if (each.kind === "end") await this.#end(names[each.who] as string);
      else await this.#both(each);
      const { state } = this.#twin;
      if (state !== undefined) this.#states.unshift(state);
    }
  }

  async #open(name: string): Promise<void> {
    this.#markers.set(name, await this.#stored.open(this.#grant(name)));
    const lease = BigInt(++this.#leases) as LeaseId;
    this.#twinMarkers.set(name, markerOf(requestOf(name).session, lease));
    this.#twin.leases.add(lease);
  }

  async #end(name: string): Promise<void> {
    await this.#stored.end(this.#markers.get(name) as Marker);
    this.#twin.endLease((this.#twinMarkers.get(name) as Marker).lease);
  }

  async #both(each: Exclude<Move, { kind: "end" }>): Promise<void> {
    const stored = this.#step(each, "stored");
    const twin = this.#step(each, "twin");
    if (stored === undefined || twin === undefined) return;
    const [one, other] = [await this.#stored.carryOut(stored), this.#twin.carryOut(twin)];
    expect(plain(one as LocalReply)).toEqual(plain(other));
    if (stored.kind !== "enqueue" || one.kind !== "placed" || other.kind !== "placed") return;
    const { request, marker } = stored;
    this.#places.set(names.find((name) => this.#grant(name) === request.grantId) ?? "", {
      stored: { request, marker, since: one.since, written: one.written },
      twin: { request, marker, since: other.since, written: other.written },
    });
  }

  #step(each: Exclude<Move, { kind: "end" }>, side: "stored" | "twin"): LocalStep | undefined {
    if (each.kind === "look") return { kind: "look" };
    if (each.kind === "open") {
      const opened = openedState(delegations[each.delegation] as GrantId, this.#nextCounter(side));
      return { kind: "open", state: each.isOpen ? opened : closedState(opened) };
    }
    const from = "stale" in each ? this.#states[each.stale] : undefined;
    if (each.kind === "renew" || each.kind === "close") {
      if (!from?.isOpen) return undefined;
      const { kind } = each;
      return kind === "close" ? { kind, from } : { kind, from, counter: from.counter + 1n };
    }
    const name = this.#whose(each);
    const markers = side === "stored" ? this.#markers : this.#twinMarkers;
    const marker = markers.get(name) as Marker;
    const request = requestOf(this.#grant(name));
    const { grantId } = request;
    if (each.kind === "enqueue") return { kind: "enqueue", request, marker, coordinator: "c" };
    if (each.kind === "cancel") return { kind: "cancel", grantId, marker };
    // The release of one that has nothing gives its request up: most would soon be.
    if (each.kind === "release" && each.isRight && this.#twin.holder === undefined)
      return undefined;
    if (each.kind === "release") return this.#release(each, side, { grantId, marker }, from);
    if (!from?.isOpen) return undefined;
    if (each.kind === "grant") return { kind: "grant", from, request, marker };
    const place = this.#places.get(name)?.[side];
    return place === undefined ? undefined : { kind: "promote", from, place };
  }

  #release(
    { isRight, next, to }: Extract<Move, { kind: "release" }>,
    side: "stored" | "twin",
    own: { readonly grantId: GrantId; readonly marker: Marker },
    from: DelegationState | undefined,
  ): LocalStep {
    const token = isRight ? (this.#twin.holder?.token ?? 1n) : 5n;
    const step = { kind: "release" as const, ...own, token };
    const place = this.#places.get(names[to] as string)?.[side];
    if (from === undefined || next === "nothing") return step;
    if (next === "close") return { ...step, next: { kind: "close", from } };
    if (place === undefined || !from.isOpen || place.request.grantId === own.grantId) return step;
    return { ...step, next: { kind: "hand-over", from, place } };
  }

  /** A release is mostly the holder's, and a promotion that of one who waits. */
  #whose(each: Extract<Move, { who: number }>): string {
    const given = names[each.who] as string;
    const isGranted = (name: string) => this.#twin.holder?.grantId === this.#grant(name);
    const waits = (name: string) => this.#twin.places.has(this.#grant(name) as GrantId);
    if (each.kind === "release" && each.isRight) return names.find(isGranted) ?? given;
    return each.kind === "promote" ? (names.find(waits) ?? given) : given;
  }

  /** Most openings are news; some come late. The same for both sides of a step. */
  #nextCounter(side: "stored" | "twin"): bigint {
    if (side === "twin") return this.#counter;
    this.#counter = (this.#twin.state?.counter ?? 0n) + (this.#states.length % 4 === 3 ? 0n : 1n);
    return this.#counter;
  }

  #grant(name: string): string {
    return `${this.#name}-${name}`;
  }
}

/** Revisions are each side's own. */
function plain(reply: LocalReply): unknown {
  return reply.kind === "placed" ? { kind: "placed" } : reply;
}
