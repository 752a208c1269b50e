import { globalRegion, type LockId } from "../lock/lock-id.ts";
import type { KeyValue } from "../txn/txn.ts";
import { type AuditedKey, parseAuditedKey } from "./audited-key.ts";
import { delegatedEvents } from "./delegated-events.ts";
import type { AuditEvent, EventPlace, Happening } from "./event.ts";
import { type HistoryLost, type KeyChange, keyChanges, type WatchedChange } from "./key-changes.ts";
import { lockEvents } from "./lock-events.ts";
import { registerEvents } from "./register-events.ts";
import { sessionEvents } from "./session-events.ts";
import { sessionReference } from "./session-reference.ts";
import { type Surroundings, surroundingsOf } from "./surroundings.ts";
import { unreadable } from "./tenure.ts";
import { decodeTimeMark, timeMarkKey } from "./time-mark.ts";

/**
 * What must be known of a shard's history before a revision, beside the revision itself. It is
 * stored with the checkpoint. Who holds what is not in it: the watch tells what each key was
 * before, so a reader that starts again anywhere in the history derives the same events, and needs
 * no memory for live locks. The price is that the revision before the first one that is read again
 * must not be compacted (a checkpoint at revision r forbids compaction above r).
 */
export interface Bookmark {
  /** Wall time of the last time mark; 0 before the first. */
  readonly markMs: number;
  /**
   * References of sessions that say they are closing (`e/…`) and have not ended yet: of those under
   * way this moment, 22 characters each.
   */
  readonly closing: ReadonlySet<string>;
}

/** Where every history begins. */
export const firstPage: Bookmark = { markMs: 0, closing: new Set() };

/** Past this many the oldest is forgotten; its end would be told as an expiry. */
export const closingMax = 10_000;

/** Which shard a history is of. */
export type HistoryOf = Pick<EventPlace, "cluster" | "region" | "shard">;

/** What a revision came to, and the bookmark for the one after it. */
export type Derived =
  | {
      readonly kind: "derived";
      readonly events: readonly AuditEvent[];
      readonly bookmark: Bookmark;
    }
  | HistoryLost;

/**
 * Derives the events of one revision from everything that it changed in {@link auditedRange}.
 *
 * A function of its arguments alone: a reader that died tells them again as they were. Sessions
 * that open come first, then the locks in the order of their keys, then sessions that end.
 */
export function readRevision(
  of: HistoryOf,
  revision: bigint,
  watched: readonly WatchedChange[],
  bookmark: Bookmark,
): Derived {
  const changes = keyChanges(watched);
  if ("kind" in changes) return changes;
  const closing = closingAt(changes, bookmark.closing);
  const markMs = markAt(changes) ?? bookmark.markMs;
  const happened = happenings(of.region, changes, surroundingsOf(changes, closing));
  const events = happened.map((each, index): AuditEvent => {
    return { ...of, revision, index, atMs: markMs, ...each };
  });
  return { kind: "derived", events, bookmark: { markMs, closing: stillClosing(changes, closing) } };
}

/** What stands in a shard at a revision. */
export interface Standing {
  readonly events: readonly AuditEvent[];
  /** The index for the first event of what stands behind. */
  readonly nextIndex: number;
}

/**
 * All that stands under `kvs`, told as `found`: what is read of a shard at `revision` after a gap,
 * key by key, so that however it is cut into pages it comes to the same events. `index`: 1 for the
 * first page, since the gap has 0.
 */
export function readStanding(
  of: HistoryOf,
  revision: bigint,
  kvs: readonly KeyValue[],
  { markMs }: Pick<Bookmark, "markMs">,
  index: number,
): Standing {
  const alone: Surroundings = { endedLeases: new Set(), closing: new Set() };
  const happened = kvs.flatMap((kv) => happenings(of.region, [{ key: kv.key, after: kv }], alone));
  const events = happened.map((each, offset): AuditEvent => {
    const at = { ...of, revision, index: index + offset, atMs: markMs };
    return { ...at, found: true, ...each };
  });
  return { events, nextIndex: index + events.length };
}

/** The bookmark for the revision after one at which these are the time mark and the keys `e/…`. */
export function bookmarkAt(mark: KeyValue | undefined, said: readonly KeyValue[]): Bookmark {
  const closing = said.map(({ key }) => sessionReference(key.slice("e/".length)));
  return {
    markMs: (mark && decodeTimeMark(mark.value)) ?? 0,
    closing: new Set(closing.slice(-closingMax)),
  };
}

function happenings(
  region: string,
  changes: readonly KeyChange[],
  around: Surroundings,
): Happening[] {
  const locks = new Map<string, ChangedLock>();
  const odd: Happening[] = [];
  for (const change of changes) {
    const at = parseAuditedKey(change.key);
    if (at === undefined) {
      if (/^[xsqp]\//.test(change.key)) {
        odd.push(
          unreadable(change.key.slice(0, 1), change.after === undefined ? "deleted" : "put"),
        );
      }
      continue;
    }
    const id = `${at.tier} ${at.stem}`;
    const lock = locks.get(id);
    if (lock === undefined) locks.set(id, { at, changes: [{ ...at, ...change }] });
    else lock.changes.push({ ...at, ...change });
  }
  const sessions = changes
    .filter(({ key }) => key.startsWith("v/"))
    .flatMap((change) => sessionEvents(change, around));
  const inOrder = [...locks].sort(([left], [right]) => (left < right ? -1 : 1));
  return [
    ...sessions.filter(({ kind }) => kind !== "SessionEnded"),
    ...odd,
    ...inOrder.flatMap(([, lock]) => eventsOf(region, lock, around)),
    ...sessions.filter(({ kind }) => kind === "SessionEnded"),
  ];
}

interface ChangedLock {
  readonly at: AuditedKey;
  readonly changes: (KeyChange & AuditedKey)[];
}

function eventsOf(region: string, { at, changes }: ChangedLock, around: Surroundings): Happening[] {
  if (at.tier === "local") {
    const lock: LockId = { region, ...at.lock };
    return lockEvents(lock, changes, around);
  }
  const lock: LockId = { region: globalRegion, ...at.lock };
  const votes = changes.filter(({ kind }) => kind === "a");
  return [
    ...votes.flatMap((change) => registerEvents(lock, change)),
    ...delegatedEvents(lock, changes, around),
  ];
}

/** The last mark of the revision; one that cannot be read is as good as none. */
function markAt(changes: readonly KeyChange[]): number | undefined {
  const mark = changes.find(({ key }) => key === timeMarkKey)?.after;
  return mark === undefined ? undefined : decodeTimeMark(mark.value);
}

function closingAt(
  changes: readonly KeyChange[],
  before: ReadonlySet<string>,
): ReadonlySet<string> {
  const said = changes.filter(({ key, after }) => key.startsWith("e/") && after !== undefined);
  if (said.length === 0) return before;
  const closing = new Set(before);
  for (const { key } of said) closing.add(sessionReference(key.slice("e/".length)));
  for (const oldest of closing) {
    if (closing.size <= closingMax) break;
    closing.delete(oldest);
  }
  return closing;
}

/** Without those that have ended, that live anew, or whose word has gone with its lease. */
function stillClosing(
  changes: readonly KeyChange[],
  closing: ReadonlySet<string>,
): ReadonlySet<string> {
  if (closing.size === 0) return closing;
  const over = changes.filter(
    ({ key, after }) => key.startsWith("v/") || (key.startsWith("e/") && after === undefined),
  );
  if (over.length === 0) return closing;
  const left = new Set(closing);
  for (const { key } of over) left.delete(sessionReference(key.slice("v/".length)));
  return left;
}
