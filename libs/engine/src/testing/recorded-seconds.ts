import type { ManualClock } from "@holdfast/base/manual-clock";
import { MemoryLedger } from "../memory/memory-ledger.ts";
import { type GlobalRig, rigRegions } from "./global-rig.ts";
import { RecordedHistory } from "./recorded-history.ts";

/** Histories that go into one ledger, second by second. */
export class RecordedSeconds {
  readonly ledger = new MemoryLedger();
  readonly histories: readonly RecordedHistory[];
  readonly #clock: ManualClock;
  readonly #startMs: number;

  /** `startMs`: what the wall clock says at second 0. */
  constructor(clock: ManualClock, startMs: number, histories: readonly RecordedHistory[]) {
    this.#clock = clock;
    this.#startMs = startMs;
    this.histories = histories;
  }

  /** Lets a second pass, which the journals' marks call the `at`-th. */
  async pass(at: number): Promise<void> {
    await this.#clock.advance(1_000);
    for (const history of this.histories) await history.mark(this.#startMs + at * 1_000);
    await this.#clock.advance(1);
    for (const history of this.histories) await history.appendTo(this.ledger);
  }
}

/** The history of every shard of the rig. */
export function rigHistories(rig: GlobalRig, installation: string): RecordedHistory[] {
  return rigRegions.flatMap((region) =>
    [...rig.local(region).context.shards.values()].map(({ store, name: shard }) => {
      const cluster = `${installation}/${region}/${shard}`;
      return new RecordedHistory(store, { cluster, region, shard });
    }),
  );
}
