import { utf8 } from "@holdfast/base/bytes";
import { auditedRange } from "@holdfast/core/audit/audited-key";
import { append, type ChainHead, genesis, headOf } from "@holdfast/core/audit/chain";
import { encodeEvent } from "@holdfast/core/audit/event-codec";
import {
  type Bookmark,
  firstPage,
  type HistoryOf,
  readRevision,
} from "@holdfast/core/audit/history";
import { encodeTimeMark, timeMarkKey } from "@holdfast/core/audit/time-mark";
import { ledgerRow } from "../ledger-row.ts";
import type { Ledger, LedgerRow } from "../ports/ledger.ts";
import type { ShardStore } from "../ports/shard-store.ts";

/** The record of one shard, made of its history as its watch tells it. */
export class RecordedHistory {
  readonly rows: LedgerRow[] = [];
  readonly #store: ShardStore;
  readonly #of: HistoryOf;
  #head: ChainHead;
  #bookmark: Bookmark = firstPage;
  #appended = 0;

  constructor(store: ShardStore, of: HistoryOf) {
    this.#store = store;
    this.#of = of;
    this.#head = genesis(of.cluster);
    const range = { key: auditedRange.prefix, rangeEnd: auditedRange.end };
    store.watch(
      { ...range, startRevision: 1n, withPrevious: true },
      {
        onEvents: (revision, changes) => {
          const derived = readRevision(this.#of, revision, changes, this.#bookmark);
          if (derived.kind !== "derived") throw new Error(`${derived.key} of ${revision} is lost`);
          this.#bookmark = derived.bookmark;
          for (const event of derived.events) {
            const link = append(this.#head, utf8(encodeEvent(event)));
            this.#head = headOf(link);
            this.rows.push(ledgerRow(event, link));
          }
        },
        onEnd: (reason) => {
          throw new Error(`the watch ended: ${reason}`);
        },
      },
    );
  }

  /** The end of its chain. */
  get head(): ChainHead {
    return this.#head;
  }

  /** Writes the time into the shard, as its journal would. */
  async mark(wallMs: number): Promise<void> {
    const put = {
      kind: "put",
      key: timeMarkKey,
      value: encodeTimeMark(wallMs),
      lease: 0n,
    } as const;
    await this.#store.commit({ compares: [], success: [put], failure: [] });
  }

  /** Appends what is new. */
  async appendTo(ledger: Ledger): Promise<void> {
    const fresh = this.rows.slice(this.#appended);
    this.#appended = this.rows.length;
    const reply = await ledger.append(fresh);
    if (reply.kind !== "appended" || reply.added !== fresh.length) {
      throw new Error(JSON.stringify(reply));
    }
  }
}
