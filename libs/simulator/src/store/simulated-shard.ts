import type { LeaseId } from "@holdfast/base/ids";
import type { Random } from "@holdfast/base/random";
import { MemoryShardStore } from "@holdfast/engine/memory/memory-shard-store";
import type { KeepAliveReply, LeaseGrantReply } from "@holdfast/engine/ports/shard-store";
import type { LeaseEntry } from "../history/history.ts";
import type { HistoryRecorder } from "../history/history-recorder.ts";
import type { SimulatedProcess } from "../kernel/simulated-process.ts";
import { RecordingShardState } from "./recording-shard-state.ts";

/** What a shard of the simulated world is made of. */
export interface SimulatedShardOptions {
  readonly name: string;
  /** Its leases run on this process's clock. */
  readonly process: SimulatedProcess;
  readonly recorder: HistoryRecorder;
  /** How late a lease may end once it is over, in ms. */
  readonly leaseLateMsMax: number;
}

/**
 * One shard of the simulated world: the in-memory shard, with everything it does recorded in true
 * time. Routers reach it through links, which is where the faults are.
 */
export class SimulatedShard {
  readonly name: string;
  readonly store: MemoryShardStore;
  readonly #recorder: HistoryRecorder;
  readonly #ttlsMs = new Map<LeaseId, number>();

  constructor(options: SimulatedShardOptions) {
    const { name, process, recorder, leaseLateMsMax } = options;
    const random: Random = process.random;
    this.name = name;
    this.#recorder = recorder;
    this.store = new MemoryShardStore({
      clock: process,
      random,
      leaseLateMs: () => random.next() * leaseLateMsMax,
      state: new RecordingShardState((revision, events) => recorder.stored(name, revision, events)),
    });
  }

  async grantLease(ttlS: number): Promise<LeaseGrantReply> {
    const reply = await this.store.grantLease(ttlS);
    if (reply.kind === "granted") this.#note(reply.lease, "granted", reply.ttlS * 1_000);
    return reply;
  }

  async keepAlive(lease: LeaseId): Promise<KeepAliveReply> {
    const reply = await this.store.keepAlive(lease);
    if (reply.kind === "kept" && reply.ttlS > 0) this.#note(lease, "kept", reply.ttlS * 1_000);
    return reply;
  }

  async revokeLease(lease: LeaseId): Promise<{ readonly kind: "revoked" }> {
    const reply = await this.store.revokeLease(lease);
    this.#note(lease, "revoked", 0);
    return reply;
  }

  /** A new leader: every lease that lives starts its ttl again, and all watches break. */
  changeLeader(): void {
    this.store.restartLeases();
    this.store.interruptWatches();
    this.#recorder.note("leader-changed", this.name);
    for (const [lease, ttlMs] of this.#ttlsMs) this.#note(lease, "kept", ttlMs);
  }

  #note(lease: LeaseId, what: LeaseEntry["what"], ttlMs: number): void {
    if (what === "granted") this.#ttlsMs.set(lease, ttlMs);
    else if (what === "revoked") this.#ttlsMs.delete(lease);
    this.#recorder.lease(this.name, lease, what, ttlMs);
  }
}
