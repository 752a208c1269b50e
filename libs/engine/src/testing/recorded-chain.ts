import { utf8 } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { append, genesis } from "@holdfast/core/audit/chain";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { encodeEvent } from "@holdfast/core/audit/event-codec";
import { ledgerRow, linkOf } from "../ledger-row.ts";
import type { LedgerRow } from "../ports/ledger.ts";

/** Where and when a made-up chain is. */
export interface ChainPlan {
  readonly cluster?: string;
  readonly region?: string;
  /** Of the first event; each is `stepMs` (1,000) after the one before. */
  readonly startMs: number;
  readonly stepMs?: number;
  /** The row before the first one; without it, the chain begins. */
  readonly after?: LedgerRow;
  /** So that two chains have different events. */
  readonly owner?: string;
  /** Of the first record there is; each is one after the one before. 10 if left out. */
  readonly firstRevision?: number;
}

/** `count` events of one shard, chained: locks l0, l1 and l2 are acquired and released by turns. */
export function recordedChain(count: number, plan: ChainPlan): LedgerRow[] {
  const { region = "here", cluster = `c/${region}/s0`, startMs, stepMs = 1_000, after } = plan;
  const { firstRevision = 10 } = plan;
  const rows: LedgerRow[] = [];
  let head = after === undefined ? genesis(cluster) : linkOf(after);
  for (let at = 0; at < count; at++) {
    const turn = Number(head.sequence);
    const pair = Math.floor(turn / 2);
    const event = {
      kind: turn % 2 === 0 ? "LockAcquired" : "LockReleased",
      cluster,
      revision: BigInt(turn + firstRevision),
      index: 0,
      atMs: startMs + at * stepMs,
      region,
      shard: "s0",
      lock: { region, namespace: "default", name: `l${pair % 3}` },
      grantId: `g${pair}` as GrantId,
      token: BigInt(100 + pair),
      mode: "exclusive",
      owner: plan.owner ?? "somebody",
      ttlMs: 10_000,
      ...(turn % 2 === 0 ? {} : { cause: "released" }),
    } as AuditEvent;
    const link = append(head, utf8(encodeEvent(event)));
    head = link;
    rows.push(ledgerRow(event, link));
  }
  return rows;
}
