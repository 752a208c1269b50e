import { SystemClock } from "@holdfast/base/clock";
import { SeededRandom } from "@holdfast/base/random";
import type { Txn, TxnResult } from "@holdfast/core/txn/txn";
import {
  type MemoryShardOptions,
  MemoryShardStore,
} from "@holdfast/engine/memory/memory-shard-store";
import { type Decision, ShardState } from "@holdfast/engine/memory/shard-state";
import { defaultTxnLimits, type TxnLimits } from "@holdfast/engine/memory/txn-limits";
import type { RejectReason } from "@holdfast/engine/ports/shard-store";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Comparison, type MakeStore } from "./comparison.ts";
import { type EtcdUnderTest, etcdMissing, startEtcd } from "./etcd-under-test.ts";
import { program, requestBytesMax } from "./program.ts";

/** The same programs every time; a failure prints the smallest program that shows it. */
const seed = 20_260_101;
const programs = 300;
/** No broken rule has needed a fifth of it. */
const programsPerMutant = 200;

const limits: TxnLimits = { ...defaultTxnLimits, requestBytesMax };

function optionsOf(state: ShardState = new ShardState(limits)): MemoryShardOptions {
  return { clock: new SystemClock(), random: new SeededRandom(1), state };
}

function memoryStore(state?: ShardState): MemoryShardStore {
  return new MemoryShardStore(optionsOf(state));
}

/** Hazard 1 forgotten: a nested compare sees what the batch has written before it. */
class SeesOwnWrites extends ShardState {
  protected override run(decision: Decision): TxnResult {
    return super.run(this.decide(decision.txn));
  }
}

/** Hazard 3 forgotten: a put under a lease that does not exist is applied. */
class IgnoresMissingLease extends ShardState {
  protected override missesLease(): boolean {
    return false;
  }
}

/** A rule of the request's shape forgotten. */
class Ignores extends ShardState {
  readonly #reason: RejectReason;

  constructor(reason: RejectReason) {
    super(limits);
    this.#reason = reason;
  }

  protected override refusal(txn: Txn): RejectReason | undefined {
    const reason = super.refusal(txn);
    return reason === this.#reason ? undefined : reason;
  }
}

/** Whatever its own compares say, a nested transaction takes its success branch. */
class TakesNestedSuccess extends ShardState {
  protected override decide(txn: Txn): Decision {
    const decision = super.decide(txn);
    return { ...decision, nested: decision.nested.map((each) => ({ ...each, succeeded: true })) };
  }
}

/** A lease lives on when it is revoked. */
class NeverRevokes extends MemoryShardStore {
  override async revokeLease(): Promise<{ readonly kind: "revoked" }> {
    return { kind: "revoked" };
  }
}

const mutants: Readonly<Record<string, MakeStore>> = {
  "compares see the batch's own writes": () => memoryStore(new SeesOwnWrites(limits)),
  "a missing lease is ignored": () => memoryStore(new IgnoresMissingLease(limits)),
  "a key may be put twice": () => memoryStore(new Ignores("duplicate-key")),
  "there is no limit of operations": () => memoryStore(new Ignores("too-many-operations")),
  "there is no limit of size": () => memoryStore(new Ignores("too-large")),
  "nested compares do not matter": () => memoryStore(new TakesNestedSuccess(limits)),
  "only 127 operations are taken": () => memoryStore(new ShardState({ ...limits, opsMax: 127 })),
  "a revoked lease lives on": () => new NeverRevokes(optionsOf()),
};

describe.skipIf(etcdMissing !== undefined)(
  "random programs on the memory store and on etcd",
  () => {
    let etcd: EtcdUnderTest;
    beforeAll(async () => {
      etcd = await startEtcd(1, [`--max-request-bytes=${requestBytesMax}`]);
    });
    afterAll(() => etcd?.[Symbol.asyncDispose]());

    it("get the same answers and the same events", { timeout: 300_000 }, async () => {
      const comparison = new Comparison(() => memoryStore(), etcd.store);
      await fc.assert(
        fc.asyncProperty(program, async (steps) => {
          expect(await comparison.run(steps)).toBeUndefined();
        }),
        { seed, numRuns: programs },
      );
      const { coverage } = comparison;
      console.log(`${programs} programs on both stores\n${coverage}`);
      // A comparison of nothing but refusals, or of silent watches, would say little.
      for (const name of ["commit took true", "commit took false", "watch revision"]) {
        expect(coverage.count(name), name).toBeGreaterThan(programs);
      }
      const reasons = ["lease-not-found", "duplicate-key", "too-many-operations", "too-large"];
      for (const name of [
        ...reasons.map((each) => `commit rejected: ${each}`),
        "watch compacted",
      ]) {
        expect(coverage.count(name), name).toBeGreaterThan(5);
      }
    });

    it.each(Object.entries(mutants))("tell a store where %s", async (_, make) => {
      const comparison = new Comparison(make, etcd.store);
      const caught = await firstDifference(comparison);
      console.log(`told by program ${caught}`);
      expect(caught).toBeLessThanOrEqual(programsPerMutant);
    });
  },
);

/** The number of the first program on which the stores differ, from 1. */
async function firstDifference(comparison: Comparison): Promise<number> {
  for (const [index, steps] of fc.sample(program, { seed, numRuns: programsPerMutant }).entries()) {
    if ((await comparison.run(steps)) !== undefined) return index + 1;
  }
  return Number.POSITIVE_INFINITY;
}
