import { type Failure, isFailure } from "@holdfast/base/failure";
import type { Beyond } from "../ports/audit-desk.ts";
import {
  type Ledger,
  type LedgerDay,
  type LedgerRow,
  pageRowsMax,
  type Window,
} from "../ports/ledger.ts";
import { utcDay } from "../utc-day.ts";
import { ledgerFailure, tooManyOf } from "./ledger-failure.ts";
import { lostHistory, lostIn } from "./lost-history.ts";

/** Objects that are named in an answer which is about something else. */
export const objectsMax = 100;
/** Far more days than a hot store ever has. */
const pagesMax = 4;

/** The days that the ledger has rows of. */
export async function openDays(
  ledger: Ledger,
): Promise<{ readonly kind: "days"; readonly days: readonly LedgerDay[] } | Failure> {
  const days: LedgerDay[] = [];
  for (let page = 0; page < pagesMax; page++) {
    const last = days.at(-1);
    const from = last === undefined ? {} : { fromDay: dayAfter(last.day) };
    const reply = await ledger.days({ ...from, limit: pageRowsMax });
    if (reply.kind !== "days") return ledgerFailure(reply);
    days.push(...reply.days);
    if (reply.days.length < pageRowsMax) {
      return { kind: "days", days: days.filter(({ clusters }) => clusters.length > 0) };
    }
  }
  return tooManyOf("days");
}

/**
 * From when on the hot store has everything; undefined: it is empty. A day that was dropped has
 * nothing but what came late.
 */
export function hotFromMs(days: readonly LedgerDay[]): number | undefined {
  const lastDropped = days.findLastIndex(({ wasDropped }) => wasDropped);
  const first = days[lastDropped + 1];
  return first === undefined ? undefined : startOf(first.day);
}

/**
 * What of a window lies in the archive alone, and what was lost of it; `isOf` says of which shards'
 * history it is asked, of all if left out.
 */
export async function beyondOf(
  ledger: Ledger,
  window: Window,
  isOf: (row: LedgerRow) => boolean = () => true,
): Promise<({ readonly kind: "beyond" } & Beyond) | Failure> {
  const archived = await archivedOf(ledger, window);
  if (isFailure(archived)) return archived;
  const lost = await lostHistory(ledger, window, isOf);
  return isFailure(lost) ? lost : { ...archived, ...lostIn(lost.rows) };
}

/** What of a window lies in the archive alone. */
export async function archivedOf(
  ledger: Ledger,
  window: Window,
): Promise<({ readonly kind: "beyond" } & Beyond) | Failure> {
  const found = await openDays(ledger);
  if (isFailure(found)) return found;
  const hotMs = hotFromMs(found.days);
  const toMs = hotMs === undefined ? window.toMs : Math.min(window.toMs, hotMs - 1);
  const nothing = { kind: "beyond", hotFromMs: hotMs, objects: [], more: false } as const;
  if (toMs < window.fromMs) return nothing;
  const days = { fromDay: utcDay(window.fromMs), toDay: utcDay(toMs) };
  const parts = await ledger.archived({ ...days, limit: objectsMax });
  if (parts.kind !== "list") return ledgerFailure(parts);
  return { ...nothing, objects: parts.items, more: parts.next !== undefined };
}

function startOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

const dayMs = 86_400_000;

function dayAfter(day: string): string {
  return utcDay(startOf(day) + dayMs);
}
