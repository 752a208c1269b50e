import type { Cancellation } from "@holdfast/base/cancellation";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { holdersAt } from "@holdfast/core/audit/holders-at";
import { isGlobal, type LockId } from "@holdfast/core/lock/lock-id";
import type { AtAnswer } from "../ports/audit-desk.ts";
import { type Ledger, pageRowsMax } from "../ports/ledger.ts";
import { lastMs } from "../utc-day.ts";
import { countedChains } from "./chain-list.ts";
import { eventsIn } from "./decoded-row.ts";
import { archivedOf } from "./hot-window.ts";
import { ledgerFailure } from "./ledger-failure.ts";
import { mayHave } from "./lock-records.ts";
import { type LostRow, lostHistory, lostIn } from "./lost-history.ts";

/** Nearly always the first few say it. */
const firstPageRows = 100;
/** So many pages are read back at most; a lock that is always shared would be read for ever. */
const pagesMax = 20;
/** Events behind the moment that may tell of what began long before. */
const laterRows = 200;

/** Who held a lock at a moment. */
export async function lockAt(
  ledger: Ledger,
  lock: LockId,
  atMs: number,
  cancellation: Cancellation,
): Promise<AtAnswer | Failure> {
  const past = await readBack(ledger, lock, atMs, cancellation);
  if (isFailure(past)) return past;
  const beyond = await archivedOf(ledger, { fromMs: 0, toMs: atMs });
  if (isFailure(beyond)) return beyond;
  const gaps = await gapsSince(ledger, lock, atMs, past.events);
  if (isFailure(gaps)) return gaps;
  const { doubts } = past;
  const events = [...past.events, ...gaps.before];
  const later = await ledger.timeline({
    lock,
    fromMs: Math.min(atMs + 1, lastMs),
    toMs: lastMs,
    limit: laterRows,
  });
  if (later.kind !== "page") return ledgerFailure(later);
  // Copies that the third region shows a moment later say that it agreed too.
  const isNeeded = isGlobal(lock) || !holdersAt(lock, atMs, events).isSettled;
  const found = holdersAt(lock, atMs, events, isNeeded ? eventsIn(later.rows).events : []);
  // A chain that is in the archive with all it has leaves nothing in the ledger to count.
  const isAllHot = past.reachesStart && beyond.objects.length === 0;
  const isWhole = isAllHot && (await isRecordWhole(ledger));
  if (typeof isWhole !== "boolean") return isWhole;
  return {
    kind: "at",
    holders: found.holders,
    ...(found.delegation === undefined ? {} : { delegation: found.delegation }),
    isComplete: (found.isSettled || isWhole) && gaps.around.length === 0,
    doubts: [...found.doubts, ...doubts],
    beyond: { ...beyond, ...lostIn(gaps.around) },
  };
}

interface Past {
  readonly kind: "past";
  readonly events: readonly AuditEvent[];
  readonly doubts: readonly string[];
  /** There is nothing further back in the ledger. */
  readonly reachesStart: boolean;
}

/** The lock's events up to the moment, back to where they say everything. */
async function readBack(
  ledger: Ledger,
  lock: LockId,
  atMs: number,
  cancellation: Cancellation,
): Promise<Past | Failure> {
  const events: AuditEvent[] = [];
  const doubts: string[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < pagesMax; pages++) {
    if (cancellation.cancelled) {
      return failure("SHARD_UNAVAILABLE", "Nobody waits for the answer any more.");
    }
    const limit = pages === 0 ? firstPageRows : pageRowsMax;
    const page = await ledger.lockBefore({ lock, atMs, limit, ...(after && { after }) });
    if (page.kind !== "page") return ledgerFailure(page);
    const read = eventsIn(page.rows);
    events.push(...read.events);
    doubts.push(...read.doubts);
    after = page.next;
    if (after === undefined) return { kind: "past", events, doubts, reachesStart: true };
    if (holdersAt(lock, atMs, events).isExplained) break;
  }
  return { kind: "past", events, doubts, reachesStart: false };
}

interface Gaps {
  readonly kind: "gaps";
  /** Those that end at or before the moment, but not before what is known of the lock. */
  readonly before: readonly AuditEvent[];
  /** Those that the moment lies in. */
  readonly around: readonly LostRow[];
}

/** The lost history that may have had something of the lock. */
async function gapsSince(
  ledger: Ledger,
  lock: LockId,
  atMs: number,
  known: readonly AuditEvent[],
): Promise<Gaps | Failure> {
  const fromMs = known.reduce((least, event) => Math.min(least, event.atMs), atMs);
  const isInRegion = mayHave(lock);
  // Where it is known which shard has a local lock, those of the others do not matter.
  const clusters = new Set(isGlobal(lock) ? [] : known.map(({ cluster }) => cluster));
  const found = await lostHistory(ledger, { fromMs, toMs: atMs }, (row) => {
    return isInRegion(row) && (clusters.size === 0 || clusters.has(row.cluster));
  });
  if (isFailure(found)) return found;
  const before = found.rows.filter(({ lost }) => lost.toMs <= atMs);
  const around = found.rows.filter(({ lost }) => lost.toMs > atMs);
  return { kind: "gaps", before: eventsIn(before.map(({ row }) => row)).events, around };
}

/** Nothing was ever dropped, and each chain is there from its first record on. */
async function isRecordWhole(ledger: Ledger): Promise<boolean | Failure> {
  const counted = await countedChains(ledger);
  if (isFailure(counted)) return counted;
  const isFromStart = [...counted.chains.values()].every((chain) => chain.firstSequence === 1n);
  return isFromStart && counted.days.every(({ wasDropped }) => !wasDropped);
}
