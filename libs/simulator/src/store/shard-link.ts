import type { LeaseId } from "@holdfast/base/ids";
import type { Random } from "@holdfast/base/random";
import type { RangeOp, Txn } from "@holdfast/core/txn/txn";
import type {
  CommitReply,
  CompactReply,
  KeepAliveReply,
  LeaseGrantReply,
  LeaseKeysReply,
  RangeAtReply,
  RangeReply,
  ShardStore,
  StoreFailure,
  Watch,
  WatchListener,
  WatchRequest,
} from "@holdfast/engine/ports/shard-store";
import type { SimulatedNetwork } from "../kernel/simulated-network.ts";
import type { SimulatedProcess } from "../kernel/simulated-process.ts";
import type { Simulation } from "../kernel/simulation.ts";
import type { SimulatedShard } from "./simulated-shard.ts";
import { cleanStore, type StoreFaults } from "./store-faults.ts";

/** How long an undisturbed message to or from a shard takes. */
export interface ShardLinkOptions {
  readonly simulation: Simulation;
  readonly shard: SimulatedShard;
  /** The router whose link this is. */
  readonly process: SimulatedProcess;
  readonly network: SimulatedNetwork;
  readonly delayMs: { readonly minMs: number; readonly maxMs: number };
  /** After this long the router's client library gives a request up, as `unknown`. */
  readonly timeLimitMs: number;
}

type Fate = "refused" | "request-lost" | "reply-lost" | "stalled" | "answered";

/** What is to happen to one commit. */
interface Script {
  readonly which: (txn: Txn) => boolean;
  readonly fate: Fate;
  readonly stalledMs: number;
}

/**
 * A shard as one router sees it: over a network that loses, delays and stalls, and never lies. What
 * it answers as definite is definite; what it does not know it calls `unknown`.
 */
export class ShardLink implements ShardStore {
  /** Writes whose answer was or will be `unknown`. */
  unknowns = 0;
  readonly #simulation: Simulation;
  readonly #shard: SimulatedShard;
  readonly #process: SimulatedProcess;
  readonly #network: SimulatedNetwork;
  readonly #random: Random;
  readonly #options: ShardLinkOptions;
  #faults: StoreFaults = cleanStore;
  #script: Script | undefined;

  constructor(options: ShardLinkOptions) {
    this.#options = options;
    this.#simulation = options.simulation;
    this.#shard = options.shard;
    this.#process = options.process;
    this.#network = options.network;
    this.#random = options.simulation.random();
  }

  /** The shard's name. */
  get name(): string {
    return this.#shard.name;
  }

  /** From now on. */
  setFaults(faults: StoreFaults): void {
    this.#faults = faults;
  }

  /** The next commit of that kind stalls: its answer is `unknown`, and it lands after `delayMs`. */
  stallNext(which: (txn: Txn) => boolean, delayMs: number): void {
    this.#script = { which, fate: "stalled", stalledMs: delayMs };
  }

  /** The next commit of that kind takes `delayMs` longer. */
  slowNext(which: (txn: Txn) => boolean, delayMs: number): void {
    this.#script = { which, fate: "answered", stalledMs: delayMs };
  }

  /** The next commit of that kind is refused. */
  refuseNext(which: (txn: Txn) => boolean): void {
    this.#script = { which, fate: "refused", stalledMs: 0 };
  }

  commit(txn: Txn): Promise<CommitReply> {
    const script = this.#script;
    const applies = script?.which(txn) === true;
    if (applies) this.#script = undefined;
    const apply = () => this.#shard.store.commit(txn);
    return this.#write("commit", apply, applies ? script : undefined);
  }

  grantLease(ttlS: number): Promise<LeaseGrantReply> {
    return this.#write("grant", () => this.#shard.grantLease(ttlS));
  }

  keepAlive(lease: LeaseId): Promise<KeepAliveReply> {
    return this.#write("keep-alive", () => this.#shard.keepAlive(lease));
  }

  revokeLease(lease: LeaseId): Promise<{ readonly kind: "revoked" } | StoreFailure> {
    return this.#write("revoke", () => this.#shard.revokeLease(lease));
  }

  compact(revision: bigint): Promise<CompactReply> {
    return this.#write("compact", () => this.#shard.store.compact(revision));
  }

  range(range: RangeOp): Promise<RangeReply> {
    return this.#read("range", () => this.#shard.store.range(range));
  }

  rangeAt(range: RangeOp, revision: bigint): Promise<RangeAtReply> {
    return this.#read("range-at", () => this.#shard.store.rangeAt(range, revision));
  }

  leaseKeys(lease: LeaseId): Promise<LeaseKeysReply> {
    return this.#read("lease-keys", () => this.#shard.store.leaseKeys(lease));
  }

  watch(request: WatchRequest, listener: WatchListener): Watch {
    const state = { ended: false, inner: undefined as Watch | undefined, lastMs: 0 };
    const cancel = () => {
      state.ended = true;
      state.inner?.cancel();
    };
    const pass = (deliver: () => void) => {
      // In order: what comes after a slow revision waits behind it.
      const arriveMs = Math.max(state.lastMs, this.#simulation.nowMs + this.#watchDelayMs());
      state.lastMs = arriveMs;
      this.#simulation.after(arriveMs - this.#simulation.nowMs, () => {
        if (this.#process.state === "crashed") cancel();
        else this.#process.deliver(() => state.ended || deliver());
      });
    };
    const end = (reason: "compacted" | "interrupted") => {
      state.inner?.cancel();
      pass(() => {
        state.ended = true;
        listener.onEnd(reason);
      });
    };
    this.#simulation.after(this.#delayMs(), () => {
      if (state.ended || this.#process.state === "crashed") return;
      if (this.#isCut()) return end("interrupted");
      state.inner = this.#shard.store.watch(request, {
        onEvents: (revision, events) => {
          const broken = this.#isCut() || this.#random.next() < this.#faults.watchInterruptedRate;
          if (!broken) return pass(() => listener.onEvents(revision, events));
          this.#trace("watch-interrupted");
          return end("interrupted");
        },
        onEnd: end,
      });
    });
    return { cancel };
  }

  #write<Reply>(
    what: string,
    apply: () => Promise<Reply>,
    scripted?: Script,
  ): Promise<Reply | StoreFailure> {
    const fate = scripted?.fate ?? this.#fate();
    this.#trace(what, fate);
    if (fate !== "answered" && fate !== "refused") this.unknowns++;
    if (fate === "refused") return this.#refuse();
    return new Promise((resolve) => {
      const settle = this.#untilTimeLimit(resolve);
      if (fate === "request-lost") return;
      const stalledMs = scripted?.stalledMs ?? (fate === "stalled" ? this.#stallMs() : 0);
      this.#simulation.after(this.#delayMs() + stalledMs, () => {
        void apply().then((reply) => {
          if (fate !== "answered" || this.#isCut()) return;
          this.#simulation.after(this.#delayMs(), () => this.#process.deliver(() => settle(reply)));
        });
      });
    });
  }

  /** A read may be repeated by the library, so what fails is only "not now". */
  #read<Reply>(what: string, apply: () => Promise<Reply>): Promise<Reply | StoreFailure> {
    const fate = this.#fate();
    this.#trace(what, fate);
    if (fate !== "answered") return this.#refuse();
    return new Promise((resolve) => {
      const settle = this.#untilTimeLimit((failure: Reply | StoreFailure) => resolve(failure));
      this.#simulation.after(this.#delayMs(), () => {
        void apply().then((reply) => {
          this.#simulation.after(this.#delayMs(), () => this.#process.deliver(() => settle(reply)));
        });
      });
    });
  }

  /** Resolves with the reply, or with `unknown` when none came in time. */
  #untilTimeLimit<Reply>(resolve: (reply: Reply | StoreFailure) => void): (reply: Reply) => void {
    let settled = false;
    const once = (reply: Reply | StoreFailure) => {
      if (settled) return;
      settled = true;
      timer.cancel();
      resolve(reply);
    };
    const timer = this.#process.schedule(this.#options.timeLimitMs, () =>
      once({ kind: "unknown", message: "no answer in time" }),
    );
    return once;
  }

  #refuse(): Promise<StoreFailure> {
    return new Promise((resolve) => {
      this.#simulation.after(this.#delayMs(), () =>
        this.#process.deliver(() => resolve({ kind: "unavailable", message: "refused" })),
      );
    });
  }

  #fate(): Fate {
    const faults = this.#faults;
    let dice = this.#random.next();
    if (this.#isCut()) return dice < 0.5 ? "refused" : "request-lost";
    if (dice < faults.refusedRate) return "refused";
    dice -= faults.refusedRate;
    if (dice < faults.requestLostRate) return "request-lost";
    dice -= faults.requestLostRate;
    if (dice < faults.replyLostRate) return "reply-lost";
    dice -= faults.replyLostRate;
    return dice < faults.stalledRate ? "stalled" : "answered";
  }

  #isCut(): boolean {
    return this.#network.isCut(this.#process.name, this.#shard.name);
  }

  #stallMs(): number {
    return this.#random.next() * this.#faults.stalledMsMax;
  }

  #delayMs(): number {
    const { minMs, maxMs } = this.#options.delayMs;
    const usualMs = minMs + this.#random.next() * (maxMs - minMs);
    if (this.#random.next() >= this.#faults.slowRate) return usualMs;
    return usualMs + this.#random.next() * this.#faults.slowMsMax;
  }

  #watchDelayMs(): number {
    const slow = this.#random.next() < this.#faults.watchSlowRate;
    return this.#delayMs() + (slow ? this.#random.next() * this.#faults.slowMsMax : 0);
  }

  #trace(what: string, fate = ""): void {
    const { trace, nowMs } = this.#simulation;
    trace.record(nowMs, this.#process.name, this.#shard.name, what, fate);
  }
}

/** Commits that may put a key beginning with `prefix`, by themselves or in a batch. */
export function putting(prefix: string): (txn: Txn) => boolean {
  const mayPut = (txn: Txn): boolean =>
    [...txn.success, ...txn.failure].some((op) =>
      op.kind === "txn" ? mayPut(op.txn) : op.kind === "put" && op.key.startsWith(prefix),
    );
  return mayPut;
}
