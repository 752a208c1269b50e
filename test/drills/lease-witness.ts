import { setTimeout as sleep } from "node:timers/promises";
import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import type { LeaseId } from "@holdfast/base/ids";
import { parseKey } from "@holdfast/core/lock/keys";
import type { WatchEvent } from "@holdfast/engine/ports/shard-store";
import type { HistoryEvent } from "../history/history-event.ts";

/** A watch that was cut is begun again after so long. */
const retryMs = 200;
/**
 * So much later etcd is asked whether the lease lives. A leader that was just thawed answers for
 * some ms as if nothing had happened since, and knows no lease that was made meanwhile.
 */
const askAfterMs = 500;

/**
 * Sees holders go, past every router, and records which of them went because etcd had ended their
 * lease. It looks through each member by itself, and counts who tells first: while one is frozen,
 * the others tell, and it tells the same much later.
 */
export class LeaseWitness {
  readonly #now: () => number;
  readonly #record: (event: HistoryEvent) => void;
  readonly #stopping = new AbortController();
  readonly #members: readonly EtcdShardStore[];
  readonly #shard: EtcdShardStore;
  readonly #seen = new Set<string>();

  /** `endpoints`: the client URLs of a shard's members; `record` hears of one end once. */
  constructor(
    endpoints: readonly string[],
    now: () => number,
    record: (event: HistoryEvent) => void,
  ) {
    this.#now = now;
    this.#record = record;
    const connect = (to: readonly string[]): EtcdShardStore =>
      new EtcdShardStore({ endpoints: to, region: "drill", shard: "s0" });
    this.#shard = connect(endpoints);
    this.#members = endpoints.map((endpoint) => connect([endpoint]));
    for (const member of this.#members)
      for (const kind of ["x", "s"]) this.#watch(member, kind, 1n);
  }

  close(): void {
    this.#stopping.abort();
    for (const store of [this.#shard, ...this.#members]) store.close();
  }

  #watch(member: EtcdShardStore, kind: string, startRevision: bigint): void {
    let nextRevision = startRevision;
    member.watch(
      { key: `${kind}/`, rangeEnd: `${kind}0`, startRevision, withPrevious: true },
      {
        onEvents: (revision, events) => {
          nextRevision = revision + 1n;
          for (const event of events) void this.#see(revision, event);
        },
        onEnd: async () => {
          await sleep(retryMs, undefined, { ref: false });
          if (!this.#stopping.signal.aborted) this.#watch(member, kind, nextRevision);
        },
      },
    );
  }

  async #see(revision: bigint, { kind, kv, previous }: WatchEvent): Promise<void> {
    const lock = parseKey(kv.key)?.name;
    const id = `${kv.key}@${revision}`;
    if (kind !== "delete" || lock === undefined || this.#seen.has(id)) return;
    this.#seen.add(id);
    if (previous === undefined || previous.lease === 0n) return;
    const { lease, createRevision } = previous;
    const atMs = this.#now();
    await sleep(askAfterMs, undefined, { ref: false });
    const reply = await this.#shard.leaseKeys(lease as LeaseId);
    if (reply.kind !== "lease" || reply.remainingS >= 0) return;
    this.#record({ kind: "lease-ended", atMs, lock, createRevision: String(createRevision) });
  }
}
