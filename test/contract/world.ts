import { utf8, utf8Text } from "@holdfast/base/bytes";
import type { LeaseId } from "@holdfast/base/ids";
import type { KeyValue, Op, OpResult, RangeOp, Txn, TxnResult } from "@holdfast/core/txn/txn";
import type { ShardStore, Watch, WatchEvent } from "@holdfast/engine/ports/shard-store";
import type { OpPlan, RangePlan, Span, Step, TxnPlan } from "./program.ts";

/** Slots that were never granted name leases that never existed; etcd's own are far larger. */
const unknownLease = 1_000n;

/** A watch of a program and what it was told so far. */
interface Watching {
  readonly sinceMs: number;
  /** It started with what happens next, so it never had to catch up. */
  readonly inStep: boolean;
  readonly told: string[];
  readonly watch: Watch;
}

/**
 * One store on which a program runs. Plans become calls here, and answers become text in which
 * nothing is left that may differ between stores: leases are slots again, revisions relative.
 */
export class World {
  readonly store: ShardStore;
  readonly #prefix: string;
  readonly #base: bigint;
  readonly #leases = new Map<number, LeaseId>();
  readonly #slots = new Map<bigint, string>();
  readonly #watches = new Map<number, Watching>();
  #mayHaveWritten = false;
  /** What watches were told whose slot another one has taken. */
  readonly #toldBefore: string[] = [];

  constructor(store: ShardStore, prefix: string, base: bigint) {
    this.store = store;
    this.#prefix = prefix;
    this.#base = base;
  }

  /** What every watch was told, by slot. */
  get told(): ReadonlyMap<number, readonly string[]> {
    return new Map([...this.#watches].map(([slot, { told }]) => [slot, told]));
  }

  /** Everything any watch of the program was told. */
  get toldInAll(): readonly string[] {
    return [...this.#toldBefore, ...[...this.told.values()].flat()];
  }

  /** Runs one step and answers with what can be compared. */
  async run(step: Step): Promise<unknown> {
    const { store } = this;
    if (step.kind === "commit" || step.kind === "revoke") this.#mayHaveWritten = true;
    switch (step.kind) {
      case "commit": {
        const reply = await store.commit(this.txn(step.txn));
        if (reply.kind !== "committed") return withoutMessage(reply);
        return { revision: this.#relative(reply.revision), ...this.#txnResult(reply.result) };
      }
      case "range": {
        const reply = await store.range(this.#range(step.range));
        if (reply.kind !== "read") return withoutMessage(reply);
        return { revision: this.#relative(reply.revision), ...this.#opResult(reply.range) };
      }
      case "grant": {
        const reply = await store.grantLease(step.ttlS);
        if (reply.kind !== "granted") return withoutMessage(reply);
        this.#leases.set(step.slot, reply.lease);
        this.#slots.set(reply.lease, `${step.slot}#${this.#slots.size}`);
        return { ttlS: reply.ttlS };
      }
      case "revoke":
        return store.revokeLease(this.#lease(step.slot));
      case "keepAlive":
        return store.keepAlive(this.#lease(step.slot));
      case "leaseKeys": {
        const reply = await store.leaseKeys(this.#lease(step.slot));
        if (reply.kind !== "lease") return withoutMessage(reply);
        return { lives: reply.remainingS >= 0, keys: reply.keys.map((key) => this.#bare(key)) };
      }
      case "watch":
        this.#watch(step.slot, step.span, step.from);
        return undefined;
      case "cancel":
        this.cancel(step.slot);
        return undefined;
      case "compact":
        return withoutMessage(await store.compact(this.#base + BigInt(step.revision)));
    }
  }

  /** Slots of watches that may still be catching up. */
  youngWatches(ageMs: number): number[] {
    const sinceMs = performance.now() - ageMs;
    const young = [...this.#watches].filter(([, each]) => !each.inStep && each.sinceMs > sinceMs);
    return young.map(([slot]) => slot);
  }

  cancel(slot: number): void {
    this.#watches.get(slot)?.watch.cancel();
  }

  /** Ends all watches. */
  close(): void {
    for (const { watch } of this.#watches.values()) watch.cancel();
  }

  txn(plan: TxnPlan): Txn {
    return {
      compares: plan.compares.map((compare) => {
        const { key, rangeEnd } = this.#span(compare.span);
        if (compare.target === "value") {
          return { target: "value", key, op: compare.op, value: utf8(compare.value) };
        }
        const revision = compare.revision === 0 ? 0n : this.#base + BigInt(compare.revision);
        const end = rangeEnd === undefined ? {} : { rangeEnd };
        return { target: compare.target, key, op: compare.op, revision, ...end };
      }),
      success: plan.success.flatMap((op) => this.#ops(op)),
      failure: plan.failure.flatMap((op) => this.#ops(op)),
    };
  }

  #ops(plan: OpPlan): Op[] {
    switch (plan.kind) {
      case "put": {
        const lease = plan.lease < 0 ? 0n : this.#lease(plan.lease);
        return [{ kind: "put", key: this.#key(plan.key), value: utf8(plan.value), lease }];
      }
      case "delete":
        return [{ kind: "delete", ...this.#span(plan.span) }];
      case "range":
        return [this.#range(plan.range)];
      case "txn":
        return [{ kind: "txn", txn: this.txn(plan.txn) }];
      case "many": {
        const value = new Uint8Array(plan.bytes);
        return Array.from({ length: plan.count }, (_, index) => {
          return { kind: "put", key: this.#key(`m${index}`), value, lease: 0n };
        });
      }
    }
  }

  #range(plan: RangePlan): RangeOp {
    const { span, limit, keysOnly, countOnly, order } = plan;
    return { kind: "range", ...this.#span(span), limit, keysOnly, countOnly, order };
  }

  #watch(slot: number, span: Span, from: number): void {
    const before = this.#watches.get(slot);
    before?.watch.cancel();
    this.#toldBefore.push(...(before?.told ?? []));
    const told: string[] = [];
    const watch = this.store.watch(
      { ...this.#span(span), startRevision: this.#base + BigInt(from) },
      {
        onEvents: (revision, events) => {
          told.push(`${this.#relative(revision)}: ${this.#events(revision, events)}`);
        },
        onEnd: (reason) => told.push(reason),
      },
    );
    const inStep = !this.#mayHaveWritten;
    this.#watches.set(slot, { sinceMs: performance.now(), inStep, told, watch });
  }

  #events(revision: bigint, events: readonly WatchEvent[]): string {
    const parts = events.map(({ kind, kv }) => {
      if (kv.modRevision !== revision) return `${kind} of another revision`;
      return kind === "put" ? JSON.stringify(this.#kv(kv)) : `-${this.#bare(kv.key)}`;
    });
    return parts.join(" ");
  }

  #txnResult(result: TxnResult): { succeeded: boolean; results: unknown[] } {
    return {
      succeeded: result.succeeded,
      results: result.results.map((each) => this.#opResult(each)),
    };
  }

  #opResult(result: OpResult): object {
    if (result.kind === "txn") return this.#txnResult(result.result);
    if (result.kind !== "range") return result;
    return { count: result.count, kvs: result.kvs.map((kv) => this.#kv(kv)) };
  }

  #kv(kv: KeyValue): object {
    return {
      key: this.#bare(kv.key),
      value: kv.value.length > 100 ? kv.value.length : utf8Text(kv.value),
      created: this.#relative(kv.createRevision),
      modified: this.#relative(kv.modRevision),
      lease: kv.lease === 0n ? "none" : (this.#slots.get(kv.lease) ?? "a stranger's"),
    };
  }

  #lease(slot: number): LeaseId {
    return this.#leases.get(slot) ?? ((unknownLease + BigInt(slot)) as LeaseId);
  }

  #span(span: Span): { key: string; rangeEnd?: string } {
    const key = this.#key(span.key);
    return span.end === undefined ? { key } : { key, rangeEnd: this.#key(span.end) };
  }

  #key(name: string): string {
    return `${this.#prefix}${name}`;
  }

  #bare(key: string): string {
    return key.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : `a stranger's ${key}`;
  }

  #relative(revision: bigint): string {
    return revision === 0n ? "0" : `+${revision - this.#base}`;
  }
}

/** Two stores may explain the same refusal in different words. */
function withoutMessage(reply: { readonly kind: string; readonly message?: string }): object {
  const { message: _, ...rest } = reply;
  return rest;
}
