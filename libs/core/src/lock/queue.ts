import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { type Op, rangeEmpty, type Txn, type TxnResult, writtenAt } from "../txn/txn.ts";
import { epochIs } from "./epoch.ts";
import { type Footprint, noConflict } from "./hierarchy.ts";
import type { KeyRange, LockKeys } from "./keys.ts";
import type { Mode } from "./lock-id.ts";
import { encodeRecord, type LockRecord, parseRecord } from "./record.ts";

/** A place in line as the mirror knows it. Order is the create revision of its key. */
export interface Waiter {
  readonly grantId: GrantId;
  readonly mode: Mode;
  /** Its record as stored, without the version byte; 10,000 of them may stand in one line. */
  readonly stored: string;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  /** The lease its key hangs on now; the grant will hang on the same. */
  readonly lease: bigint;
}

/** How many shared waiters one transaction promotes together: each costs one nested operation. */
export const runLengthMax = 16;

/** The head, and if it is shared the shared waiters right behind it. */
export function headRun(inLine: Iterable<Waiter>): Waiter[] {
  const run: Waiter[] = [];
  for (const waiter of inLine) {
    if (run.length > 0 && (waiter.mode === "exclusive" || run.length >= runLengthMax)) break;
    run.push(waiter);
    if (waiter.mode === "exclusive") break;
  }
  return run;
}

/**
 * Grants a free lock to the head of its queue. That nobody stands before it needs no compare:
 * create revisions only grow, so whoever was before it and is gone stays gone.
 */
export function promoteTxn(
  keys: LockKeys,
  footprint: Footprint,
  run: readonly Waiter[],
  grant: GrantLabel,
): Txn {
  const mode = modeOf(run);
  return {
    compares: [epochIs(grant.epoch), ...noConflict(footprint, mode)],
    success: promotions(keys, run, grant),
    failure: [],
  };
}

/**
 * Grants the lock to the head of its queue inside the release of `releaser`, whose own key guards
 * it: an exclusive releaser was alone; a shared one must have been the last.
 */
export function handOverTxn(
  keys: LockKeys,
  releaser: { readonly grantId: GrantId; readonly mode: Mode },
  run: readonly Waiter[],
  grant: GrantLabel,
): Txn {
  const alone = releaser.mode === "exclusive" ? [] : othersAbsent(keys.shared, releaser.grantId);
  return { compares: alone, success: promotions(keys, run, grant), failure: [] };
}

/** The grants that a promotion or a hand-over made. */
export function promotedOf(run: readonly Waiter[], result: TxnResult): Waiter[] {
  if (!result.succeeded) return [];
  return run.filter((_, index) => {
    const answer = result.results[index];
    invariant(answer?.kind === "txn", "each promotion is a nested transaction");
    return answer.result.succeeded;
  });
}

/** What is written into a promoted waiter's record. */
export interface GrantLabel {
  readonly epoch: number;
  /** Wall time of the grant, for people. */
  readonly atMs: number;
}

function promotions(keys: LockKeys, run: readonly Waiter[], grant: GrantLabel): Op[] {
  const target = modeOf(run) === "exclusive" ? keys.exclusive : keys.shared;
  return run.map((waiter) => {
    const place = keys.queue.prefix + waiter.grantId;
    const value = encodeRecord({ ...recordOf(waiter), ...grant });
    // The last write, not the creation: a waiter that repeats is put under a newer lease, and a
    // grant under the older one would end too early.
    const txn: Txn = {
      compares: [writtenAt(place, waiter.modRevision)],
      success: [
        { kind: "put", key: target.prefix + waiter.grantId, value, lease: waiter.lease },
        { kind: "delete", key: place },
      ],
      failure: [],
    };
    return { kind: "txn", txn };
  });
}

function recordOf({ stored }: Waiter): LockRecord {
  const record = parseRecord(stored);
  invariant(record !== undefined, "only what could be read stands in the mirror");
  return record;
}

function modeOf(run: readonly Waiter[]): Mode {
  const head = run[0];
  invariant(head !== undefined, "a promotion has a head");
  return head.mode;
}

/** Two ranges leave out exactly one key. */
function othersAbsent(range: KeyRange, grantId: GrantId) {
  const own = range.prefix + grantId;
  return [rangeEmpty(range.prefix, own), rangeEmpty(`${own}\0`, range.end)];
}
