import { utf8 } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { append, type ChainHead, genesis, headOf } from "@holdfast/core/audit/chain";
import type { AuditEvent, Happening } from "@holdfast/core/audit/event";
import { encodeEvent } from "@holdfast/core/audit/event-codec";
import type { LockId } from "@holdfast/core/lock/lock-id";
import { ledgerRow } from "@holdfast/engine/ledger-row";
import type { LedgerRow } from "@holdfast/engine/ports/ledger";

const region = "us-east-1";
const shard = "s0";
const cluster = "bench/us-east-1/s0/timeline";
const sessions = 1_000;
/** Of a lock, unless it is the hot one; an acquire and a release each. */
const tenuresOfLock = 50;
/** One tenure in so many is the hot lock's. */
const hotEvery = 20;

/** Events of a week, evenly: tenures of locks that take turns, and of one that is hot. */
export interface ScriptOptions {
  /** An even number. */
  readonly rows: number;
  /** Time of the first and after the last event, in milliseconds since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** The lock that one tenure in twenty is of. */
export const hotLock: LockId = { region, namespace: "default", name: "timeline/hot" };

/** How many locks there are beside the hot one: each has about a hundred events. */
export function lockCount(rows: number): number {
  return Math.max(1, Math.floor(rows / 2 / tenuresOfLock));
}

/** One of them. */
export function lockNumber(number: number): LockId {
  return { ...hotLock, name: `timeline/${number.toString(36).padStart(6, "0")}` };
}

/** Rows as an auditor makes them, in the order and the chain of one shard. */
export function* scriptRows({ rows, fromMs, toMs }: ScriptOptions): Generator<LedgerRow> {
  const locks = lockCount(rows);
  const stepMs = (toMs - fromMs) / rows;
  let head: ChainHead = genesis(cluster);
  for (let made = 0; made < rows; made++) {
    const tenure = Math.floor(made / 2);
    const event: AuditEvent = {
      ...{ cluster, region, shard },
      revision: BigInt(made + 1),
      index: 0,
      atMs: Math.floor(fromMs + made * stepMs),
      ...happening(tenure, locks, made % 2 === 0),
    };
    const link = append(head, utf8(encodeEvent(event)));
    head = headOf(link);
    yield ledgerRow(event, link);
  }
}

function happening(tenure: number, locks: number, isBeginning: boolean): Happening {
  const number = tenure.toString(36).padStart(8, "0");
  // Locks in a row would lie in the index in the order in which they are asked for.
  const turn = (Math.imul(tenure, 0x9e3779b1) >>> 0) % locks;
  const base = {
    lock: tenure % hotEvery === 0 ? hotLock : lockNumber(turn),
    grantId: `timeline-bench${number}` as GrantId,
    mode: "exclusive",
    owner: "bench",
    session: `timeline-bench${(tenure % sessions).toString(36).padStart(8, "0")}`,
    ttlMs: 15_000,
    token: BigInt(2 * tenure + 1),
  } as const;
  return isBeginning
    ? { ...base, kind: "LockAcquired" }
    : { ...base, kind: "LockReleased", cause: "released" };
}
