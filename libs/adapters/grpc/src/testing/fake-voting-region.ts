import type { LeaseId } from "@holdfast/base/ids";
import type { GlobalLockId, RegionLease, VotingRegion } from "@holdfast/engine/ports/voting-region";

/** A question that reached a fake region. */
export interface Asked {
  readonly what: "prepare" | "accept" | "read" | "meet" | "keep-alive";
  readonly lock: GlobalLockId;
  readonly given: unknown;
  readonly withinMs: number;
  readonly traceparent?: string;
}

/** A region that promises everything, and remembers what it was asked. */
export class FakeVotingRegion implements VotingRegion {
  readonly region = "there";
  readonly asked: Asked[] = [];
  /** Answers wait for it. */
  gate: Promise<void> = Promise.resolve();

  async prepare(lock: GlobalLockId, given: unknown, withinMs: number, traceparent?: string) {
    await this.#note({ what: "prepare", lock, given, withinMs, ...traced(traceparent) });
    return { kind: "promised", live: [], halfTrusted: false } as const;
  }

  async accept(lock: GlobalLockId, given: unknown, withinMs: number, traceparent?: string) {
    await this.#note({ what: "accept", lock, given, withinMs, ...traced(traceparent) });
    return { kind: "accepted", attached: [] } as const;
  }

  async read(lock: GlobalLockId, given: number, withinMs: number) {
    await this.#note({ what: "read", lock, given, withinMs });
    return { kind: "other-generation", generation: given + 1 } as const;
  }

  async meet(lock: GlobalLockId, given: unknown, withinMs: number) {
    await this.#note({ what: "meet", lock, given, withinMs });
    return lease;
  }

  async keepAlive(lock: GlobalLockId, given: unknown, withinMs: number) {
    await this.#note({ what: "keep-alive", lock, given, withinMs });
    return lease;
  }

  async #note(asked: Asked): Promise<void> {
    this.asked.push(asked);
    await this.gate;
  }
}

function traced(traceparent: string | undefined) {
  return traceparent === undefined ? {} : { traceparent };
}

const lease: RegionLease = {
  kind: "region-lease",
  region: "there",
  shard: "s0",
  lease: 7n as LeaseId,
  validForMs: 9_650,
};
