import { utf8 } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { append, type ChainHead, genesis, headOf } from "@holdfast/core/audit/chain";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { encodeEvent } from "@holdfast/core/audit/event-codec";
import type { LedgerRow } from "../ports/ledger.ts";
import { utcDay } from "../utc-day.ts";

/** Makes the rows of one cluster as a journal would have chained them. */
export class ChainedRows {
  readonly #cluster: string;
  #head: ChainHead;

  constructor(cluster: string) {
    this.#cluster = cluster;
    this.#head = genesis(cluster);
  }

  /** The next `count` events, `stepMs` apart: acquired and released in turn. */
  next(count: number, atMs: number, stepMs = 1): LedgerRow[] {
    return Array.from({ length: count }, (_, place) => this.#row(atMs + place * stepMs));
  }

  #row(atMs: number): LedgerRow {
    const number = this.#head.sequence + 1n;
    const tenancy = {
      lock: { region: "us-east-1", namespace: "orders", name: `o/${(number + 1n) / 2n}` },
      grantId: `grant-${(number + 1n) / 2n}` as GrantId,
      mode: "exclusive",
      owner: `worker-${number % 7n}`,
      ttlMs: 10_000,
      token: 10n * ((number + 1n) / 2n),
      session: `session-${number % 7n}`,
    } as const;
    const place = {
      cluster: this.#cluster,
      revision: number + 100n,
      index: 0,
      atMs,
      region: "us-east-1",
      shard: "s0",
    };
    const event: AuditEvent =
      number % 2n === 1n
        ? { kind: "LockAcquired", ...place, ...tenancy }
        : { kind: "LockReleased", ...place, ...tenancy, cause: "released" };
    const link = append(this.#head, utf8(encodeEvent(event)));
    this.#head = headOf(link);
    const { kind } = event;
    const { lock, grantId, token, session } = tenancy;
    return {
      ...{ ...place, kind, lock, grantId, token, session },
      day: utcDay(atMs),
      sequence: link.sequence,
      previousHash: link.previous,
      hash: link.hash,
      line: link.bytes,
    };
  }
}
