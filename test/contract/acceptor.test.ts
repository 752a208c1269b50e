import { utf8 } from "@holdfast/base/bytes";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { type Marker, sessionMarker } from "@holdfast/core/lease/marker";
import { encodeEpoch } from "@holdfast/core/lock/epoch";
import { epochKey } from "@holdfast/core/lock/keys";
import {
  acceptTxn,
  encodeGeneration,
  prepareTxn,
  readAccept,
  readPrepare,
} from "@holdfast/core/quorum/acceptor";
import type { AcceptRequest, PrepareRequest } from "@holdfast/core/quorum/message";
import { generationKey, registerKeys } from "@holdfast/core/quorum/register-keys";
import {
  emptyRegister,
  type GlobalHolder,
  type RegisterValue,
} from "@holdfast/core/quorum/register-value";
import { holderOf } from "@holdfast/core/quorum/testing/requests";
import type { Txn, TxnResult } from "@holdfast/core/txn/txn";
import type { ShardStore } from "@holdfast/engine/ports/shard-store";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AcceptorTwin } from "../simulation/register/acceptor-twin.ts";
import { type StoreUnderTest, stores } from "./stores.ts";

const programs = 100;
const generation = 1;
const epoch = 3;
const grants = ["one", "two", "three"] as const;

type Step =
  | { readonly kind: "prepare"; readonly round: number; readonly generation: number }
  | {
      readonly kind: "accept";
      readonly round: number;
      readonly next: number;
      readonly attach: readonly number[];
      readonly forget: readonly number[];
      readonly generation: number;
    }
  | { readonly kind: "open" | "end"; readonly grant: number };

/** Against the number of the step: most are news, some come late. */
const round = fc.integer({ min: -3, max: 1 });
const grant = fc.integer({ min: 0, max: grants.length - 1 });
const some = fc.uniqueArray(grant, { maxLength: 2 });
const generations = fc.constantFrom(generation, generation, generation, generation, 2);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("prepare" as const), round, generation: generations }),
  fc.record({
    kind: fc.constant("accept" as const),
    round,
    next: fc.integer({ min: 1, max: 3 }),
    attach: some,
    forget: some,
    generation: generations,
  }),
  fc.record({ kind: fc.constantFrom("open" as const, "end" as const), grant }),
);

/** One acceptor in a store: the product's transactions, and the sessions' leases as they are. */
class StoredAcceptor {
  readonly #store: ShardStore;
  readonly #site;
  readonly #markers = new Map<GrantId, Marker>();
  /** Leases numbered in the order in which they were granted, as in the twin. */
  readonly #numbers = new Map<LeaseId, LeaseId>();

  constructor(store: ShardStore, name: string) {
    this.#store = store;
    this.#site = { keys: registerKeys(7, "contract", name), epoch };
  }

  async prepare(request: PrepareRequest) {
    const reply = readPrepare(
      this.#site,
      request,
      await this.#commit(prepareTxn(this.#site, request)),
    );
    return reply.kind === "promised" ? { ...reply, live: this.#renumbered(reply.live) } : reply;
  }

  async accept(request: AcceptRequest) {
    const result = await this.#commit(acceptTxn(this.#site, request, this.#markers));
    const reply = readAccept(this.#site, request, this.#markers, result);
    if (reply.kind !== "accepted") return reply;
    return { ...reply, attached: this.#renumbered(reply.attached) };
  }

  async open(holder: GlobalHolder, number: LeaseId): Promise<void> {
    const granted = await this.#store.grantLease(600);
    if (granted.kind !== "granted") throw new Error(granted.message);
    this.#numbers.set(granted.lease, number);
    const marker = sessionMarker(holder.session, granted.lease, holder.ttlMs);
    this.#markers.set(holder.grantId, marker);
    const { key, value, lease } = marker;
    await this.#commit({
      compares: [],
      success: [{ kind: "put", key, value, lease }],
      failure: [],
    });
  }

  /** The lease ends, and nobody has told the acceptor. */
  async end({ grantId }: GlobalHolder): Promise<void> {
    const marker = this.#markers.get(grantId);
    if (marker !== undefined) await this.#store.revokeLease(marker.lease);
  }

  async #commit(txn: Txn): Promise<TxnResult> {
    const reply = await this.#store.commit(txn);
    if (reply.kind !== "committed") throw new Error(`${reply.kind}: ${reply.message}`);
    return reply.result;
  }

  #renumbered(live: readonly { grantId: GrantId; lease: LeaseId }[]) {
    return live
      .map(({ grantId, lease }) => ({ grantId, lease: this.#numbers.get(lease) ?? lease }))
      .sort(byGrant);
  }
}

for (const { name, missing, start } of stores) {
  describe.skipIf(missing !== undefined)(`an acceptor on ${name}`, () => {
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
      const steps = fc.array(step, { minLength: 5, maxLength: 25 });
      await fc.assert(
        fc.asyncProperty(steps, async (plan) => {
          await runBoth(started.store, `${name}-${program++}`, plan);
        }),
        { numRuns: programs, seed: 20_261_121 },
      );
    }, 120_000);

    it("gives no vote at another epoch, nor for bytes it cannot read", async () => {
      const keys = registerKeys(7, "contract", `${name}-refused`);
      const request = { ballot: ballot(5), generation };
      const ask = async (at: { keys: typeof keys; epoch: number }) => {
        const reply = await started.store.commit(prepareTxn(at, request));
        if (reply.kind !== "committed") throw new Error(reply.message);
        return readPrepare(at, request, reply.result);
      };
      expect(await ask({ keys, epoch: 2 })).toEqual({ kind: "epoch", shardEpoch: epoch });
      const put = { kind: "put", key: keys.accepted, value: utf8("no vote"), lease: 0n } as const;
      await started.store.commit({ compares: [], success: [put], failure: [] });
      expect(await ask({ keys, epoch })).toEqual({ kind: "damaged", key: keys.accepted });
    });
  });
}

async function runBoth(store: ShardStore, name: string, plan: readonly Step[]): Promise<void> {
  const twin = new AcceptorTwin();
  const stored = new StoredAcceptor(store, name);
  const holders = grants.map((each): GlobalHolder => holderOf(`${name}-${each}`));
  const values = new Map<number, RegisterValue>();
  let leases = 0;
  const opens = grants.map((_, index): Step => ({ kind: "open", grant: index }));
  for (const [at, each] of [...opens, ...plan].entries()) {
    const round = at + ("round" in each ? each.round : 0);
    if (each.kind === "prepare") {
      const request = { ballot: ballot(round), generation: each.generation };
      expect(await stored.prepare(request)).toEqual(sorted(twin.prepare(request)));
    } else if (each.kind === "accept") {
      // One value a ballot, which is what proposers see to.
      const value = values.get(round) ?? { ...emptyRegister, version: values.size };
      values.set(round, value);
      const request = {
        ballot: ballot(round),
        value,
        next: ballot(round + each.next),
        attach: pick(holders, each.attach),
        forget: pick(holders, each.forget)
          .filter((one) => !pick(holders, each.attach).includes(one))
          .map(({ grantId }) => grantId),
        generation: each.generation,
      };
      expect(await stored.accept(request)).toEqual(sorted(twin.accept(request)));
    } else {
      const one = holders[each.grant] as GlobalHolder;
      const known = twin.leases.get(one.session);
      if (each.kind === "open" && known === undefined) {
        const lease = BigInt(++leases) as LeaseId;
        twin.leases.set(one.session, lease);
        await stored.open(one, lease);
      } else if (each.kind === "end" && known !== undefined) {
        twin.endLease(one.session, known);
        await stored.end(one);
      }
    }
  }
}

const ballot = (at: number) => ({ round: at, proposer: 1, incarnation: 1 });

function pick(holders: readonly GlobalHolder[], indexes: readonly number[]): GlobalHolder[] {
  return indexes.map((index) => holders[index] as GlobalHolder);
}

function sorted<R extends { readonly kind: string }>(reply: R): R {
  const copy = { ...reply } as R & { live?: unknown[]; attached?: unknown[] };
  if (copy.live) copy.live = [...copy.live].sort(byGrant as never);
  if (copy.attached) copy.attached = [...copy.attached].sort(byGrant as never);
  return copy;
}

function byGrant(left: { grantId: string }, right: { grantId: string }): number {
  return left.grantId < right.grantId ? -1 : 1;
}
