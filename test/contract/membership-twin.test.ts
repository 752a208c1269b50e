import { encodeEpoch } from "@holdfast/core/lock/epoch";
import { epochKey } from "@holdfast/core/lock/keys";
import { acceptTxn, prepareTxn, readAccept, readPrepare } from "@holdfast/core/quorum/acceptor";
import { decodeBallot, encodeBallot } from "@holdfast/core/quorum/ballot";
import {
  claimTxn,
  disownTxn,
  raiseTxn,
  readClaim,
  readmitTxn,
} from "@holdfast/core/quorum/claim-txn";
import type { Members } from "@holdfast/core/quorum/members";
import { decodeAccepted, encodeAccepted } from "@holdfast/core/quorum/register-codec";
import { keepCopyTxn, readCopies, readCopiesTxn } from "@holdfast/core/quorum/register-copy";
import { registerKeys, registersOf } from "@holdfast/core/quorum/register-keys";
import { emptyRegister } from "@holdfast/core/quorum/register-value";
import type { Txn, TxnResult } from "@holdfast/core/txn/txn";
import type { ShardStore } from "@holdfast/engine/ports/shard-store";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AcceptorTwin, type TwinCopy } from "../simulation/register/acceptor-twin.ts";
import { type StoreUnderTest, stores } from "./stores.ts";

const programs = 60;
const epoch = 1;
const slot = 9;
const site = { keys: registerKeys(slot, "contract", "twin"), epoch };

/** Small numbers, so that what was and what is to come meet often. */
const low = fc.integer({ min: 1, max: 6 });
const generation = fc.integer({ min: 1, max: 3 });
const isOld = fc.boolean();
const step = fc.oneof(
  fc.record({ kind: fc.constant("prepare" as const), round: low, generation }),
  fc.record({ kind: fc.constant("accept" as const), round: low, generation }),
  fc.record({ kind: fc.constant("copy" as const), generation }),
  fc.record({ kind: fc.constant("raise" as const), generation, isOld }),
  fc.record({ kind: fc.constant("keep" as const), round: low, isOld }),
  fc.record({ kind: fc.constant("readmit" as const), generation, isOld }),
  fc.record({ kind: fc.constantFrom("wipe" as const, "disown" as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const ballot = (round: number) => ({ round, proposer: 1, incarnation: 1 });
const valueAt = (round: number) => ({ ...emptyRegister, version: round });
const recordOf = (incarnation: string, at: number): Members => {
  return { generation: at, shards: { "east/s0": { incarnation, isJoining: false } } };
};

/** The product's transactions on a store, told in the words of the twin. */
class StoredShard {
  readonly #store: ShardStore;

  constructor(store: ShardStore) {
    this.#store = store;
  }

  async claim(incarnation: string) {
    return readClaim("s0", await this.#commit(claimTxn(incarnation)));
  }

  async run(each: Step, incarnation: string): Promise<unknown> {
    switch (each.kind) {
      case "prepare": {
        const request = { ballot: ballot(each.round), generation: each.generation };
        return readPrepare(site, request, await this.#commit(prepareTxn(site, request)));
      }
      case "accept": {
        const request = acceptOf(each.round, each.generation);
        const result = await this.#commit(acceptTxn(site, request, new Map()));
        return readAccept(site, request, new Map(), result);
      }
      case "copy": {
        const range = registersOf(slot, slot);
        const page = readCopies(await this.#commit(readCopiesTxn(each.generation, range, 100)));
        if (page.kind !== "page") return page;
        const [copy] = page.copies;
        const promised = copy === undefined ? undefined : decodeBallot(copy.promised);
        const accepted = copy?.accepted === undefined ? undefined : decodeAccepted(copy.accepted);
        return { kind: "copy", promised: promised ?? ballotZero, accepted };
      }
      case "raise": {
        const claim = await this.claim(incarnation);
        const record = recordOf(incarnation, each.generation);
        // What the engine looks at before it asks.
        if (claim.generation === 0 || claim.generation >= record.generation) return undefined;
        await this.#commit(raiseTxn({ ...claim, incarnation }, record));
        return undefined;
      }
      case "keep": {
        const promised = encodeBallot(ballot(each.round));
        const accepted = encodeAccepted(ballot(each.round), valueAt(each.round));
        const copy = { slot, namespace: "contract", name: "twin", promised, accepted };
        return (await this.#commit(keepCopyTxn(incarnation, epoch, copy))).succeeded;
      }
      case "readmit": {
        const record = recordOf(incarnation, each.generation);
        return (await this.#commit(readmitTxn(incarnation, record, 0n))).succeeded;
      }
      default:
        return undefined;
    }
  }

  /** As a disk that was lost; or as an operator's command. */
  async renew(kind: "wipe" | "disown", before: string, after: string): Promise<void> {
    if (kind === "disown") {
      await this.#commit(disownTxn(await this.claim(before), after));
      return;
    }
    const all = { kind: "delete", key: "\0", rangeEnd: "\x7f" } as const;
    const put = { kind: "put", key: epochKey, value: encodeEpoch(epoch), lease: 0n } as const;
    await this.#commit({ compares: [], success: [all], failure: [] });
    await this.#commit({ compares: [], success: [put], failure: [] });
    await this.claim(after);
  }

  async #commit(txn: Txn): Promise<TxnResult> {
    const reply = await this.#store.commit(txn);
    if (reply.kind !== "committed") throw new Error(`${reply.kind}: ${reply.message}`);
    return reply.result;
  }
}

const ballotZero = { round: 0, proposer: 0, incarnation: 0 };

function acceptOf(round: number, at: number) {
  const [value, next] = [valueAt(round), ballot(round + 1)];
  return { ballot: ballot(round), value, next, attach: [], forget: [], generation: at };
}

function runTwin(twin: AcceptorTwin, each: Step, incarnation: string): unknown {
  switch (each.kind) {
    case "prepare":
      return twin.prepare({ ballot: ballot(each.round), generation: each.generation });
    case "accept":
      return twin.accept(acceptOf(each.round, each.generation));
    case "copy":
      return twin.copy(each.generation);
    case "raise":
      twin.raise("east/s0", recordOf(incarnation, each.generation));
      return undefined;
    case "keep": {
      const accepted = { ballot: ballot(each.round), value: valueAt(each.round) };
      const copy: TwinCopy = { kind: "copy", promised: ballot(each.round), accepted };
      return twin.keep(incarnation, copy);
    }
    case "readmit":
      return twin.readmit(incarnation, recordOf(incarnation, each.generation));
    default:
      return undefined;
  }
}

for (const { name, missing, start } of stores) {
  describe.skipIf(missing !== undefined)(`a shard on ${name}`, () => {
    let started: StoreUnderTest;
    beforeAll(async () => {
      started = await start();
    }, 60_000);
    afterAll(() => started?.[Symbol.asyncDispose]());

    it(`is let in, filled and raised as its twin is, over ${programs} programs`, async () => {
      let clusters = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30 }), async (plan) => {
          const stored = new StoredShard(started.store);
          const twin = new AcceptorTwin();
          let [before, now] = ["nobody's", `cluster ${++clusters}`];
          twin.wipe(now);
          await stored.renew("wipe", before, now);
          for (const each of plan) {
            if (each.kind === "wipe" || each.kind === "disown") {
              [before, now] = [now, `cluster ${++clusters}`];
              twin[each.kind](now);
              await stored.renew(each.kind, before, now);
            } else {
              const incarnation = "isOld" in each && each.isOld ? before : now;
              const told = runTwin(twin, each, incarnation);
              expect(await stored.run(each, incarnation), JSON.stringify(each)).toEqual(told);
            }
            expect(await stored.claim("unused")).toEqual(twin.claim("s0"));
          }
        }),
        { numRuns: programs, seed: 20_261_121 },
      );
    }, 120_000);
  });
}
