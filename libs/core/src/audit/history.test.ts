import { utf8 } from "@holdfast/base/bytes";
import type { GrantId, LeaseId, RequestId, SessionId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { poolMarker, sessionMarker } from "../lease/marker.ts";
import { encodeForced } from "../lock/forced-record.ts";
import { closedKey, lockKeys } from "../lock/keys.ts";
import { encodeRecord, type LockRecord } from "../lock/record.ts";
import type { KeyValue } from "../txn/txn.ts";
import type { AuditEvent } from "./event.ts";
import { decodeEvent, encodeEvent } from "./event-codec.ts";
import { type Bookmark, bookmarkAt, firstPage, readRevision, readStanding } from "./history.ts";
import type { WatchedChange } from "./key-changes.ts";
import { sessionReference } from "./session-reference.ts";

const of = { cluster: "c", region: "here", shard: "s0" };
const keys = lockKeys(0x12, "default", "a/b");
const session = "s".repeat(22) as SessionId;
const lease = 77n as LeaseId;

function record(owner: string, more: Partial<LockRecord> = {}): Uint8Array {
  return encodeRecord({
    owner,
    session,
    ttlMs: 10_000,
    mode: "exclusive",
    requestId: owner as RequestId,
    metadata: { m: "m" },
    epoch: 2,
    atMs: 1,
    ...more,
  });
}

/** A key as it was made by revision 5. */
function kv(key: string, value: Uint8Array, more: Partial<KeyValue> = {}): KeyValue {
  return { key, value, createRevision: 5n, modRevision: 5n, lease, ...more };
}

const made = (kv: KeyValue): WatchedChange => ({ kind: "put", kv });
const gone = (previous: KeyValue): WatchedChange => ({ kind: "delete", kv: previous, previous });
const holder = (owner: string) => kv(keys.exclusive.prefix + owner, record(owner));
const place = (owner: string) => kv(keys.queue.prefix + owner, record(owner));

function read(changes: readonly WatchedChange[], bookmark: Bookmark = firstPage) {
  const derived = readRevision(of, 9n, changes, bookmark);
  if (derived.kind !== "derived") throw new Error(`${derived.key} is lost`);
  return derived;
}

function brief(events: readonly AuditEvent[]): string[] {
  return events.map((each) => {
    const whose = "owner" in each ? ` ${each.owner}` : "";
    return `${each.kind}${whose}${"cause" in each ? ` ${each.cause}` : ""}`;
  });
}

const told = (...changes: WatchedChange[]) => brief(read(changes).events);

test("a grant that somebody wrote into the store by hand is told like any other", () => {
  const { events } = read([made(holder("b")), made(holder("a"))]);
  expect(brief(events)).toEqual(["LockAcquired a", "LockAcquired b"]);
  const lock = { region: "here", namespace: "default", name: "a/b" };
  expect(events).toMatchObject([
    { lock, token: (2n << 44n) | 5n, index: 0 },
    { lock, token: (2n << 44n) | 5n, index: 1 },
  ]);
});

test("a promotion out of the line without a release is no hand-over", () => {
  expect(told(gone(place("a")), made(holder("a")))).toEqual(["LockAcquired a"]);
});

test("a holder that goes without its lease was released, with it it has expired", () => {
  const marker = sessionMarker(session, lease, 10_000);
  const other = { ...kv(marker.key, marker.value), lease: 78n };
  const own = kv(marker.key, marker.value);
  expect(told(gone(holder("a")), gone(other))).toContain("LockReleased a released");
  expect(told(gone(holder("a")), gone(own))).toEqual(["LockExpired a", "SessionEnded expired"]);
});

test("a pooled lease that ends takes its grants along, and is itself no session's end", () => {
  const marker = poolMarker(lease);
  const value = utf8('\x01{"o":"a","l":5000,"m":"s","r":"r","e":2,"a":1}');
  const own = kv(`${keys.shared.prefix}a`, value);
  expect(told(made(kv(marker.key, marker.value)))).toEqual([]);
  expect(told(gone(own), gone(kv(marker.key, marker.value)))).toEqual(["LockExpired a"]);
});

test("a session that said it is closing ends as closed, and its word is good for one end", () => {
  const marker = sessionMarker(session, lease, 10_000);
  const own = kv(marker.key, marker.value);
  const { bookmark } = read([made(kv(closedKey(session), utf8("closed"), { lease: 5n }))]);
  expect([...bookmark.closing]).toEqual([sessionReference(session)]);
  const closed = read([gone(own), gone(holder("a")), gone(place("b"))], bookmark);
  expect(brief(closed.events)).toEqual([
    "LockReleased a session-closed",
    "WaiterLeft b session-closed",
    "SessionEnded closed",
  ]);
  expect(closed.bookmark.closing.size).toBe(0);
  expect(brief(read([gone(own)], closed.bookmark).events)).toEqual(["SessionEnded expired"]);
});

test("the word of a session whose close was never carried out lapses with its lease", () => {
  const word = kv(closedKey(session), utf8("closed"), { lease: 5n });
  const { bookmark } = read([made(word)]);
  expect(read([gone(word)], bookmark).bookmark.closing.size).toBe(0);
});

test("of sessions that are closing so many are remembered that the bookmark stays small", () => {
  let { bookmark } = read([]);
  for (let batch = 0; batch < 5; batch++) {
    const words = Array.from({ length: 2_100 }, (_, index) => {
      return made(kv(closedKey(`${batch}-${index}` as SessionId), utf8("closed")));
    });
    ({ bookmark } = read(words, bookmark));
  }
  expect(bookmark.closing.size).toBe(10_000);
  expect(bookmark.closing.has(sessionReference("4-2099"))).toBe(true);
  expect(bookmark.closing.has(sessionReference("0-0"))).toBe(false);
});

test("a forced release whose record cannot be read names nobody, and says so", () => {
  const forced = kv(`${keys.forced.prefix}a`, utf8("?"));
  const { events } = read([gone(holder("a")), made(forced)]);
  expect(events).toMatchObject([
    { kind: "RecordUnreadable", record: "f", grantId: "a" },
    { kind: "LockForceReleased", actor: "", reason: "" },
  ]);
  const endless = { actor: "a", reason: "r".repeat(5_000), request: "", upTo: "1", holder: {} };
  const long = kv(`${keys.forced.prefix}a`, encodeForced(endless as never));
  expect(told(gone(holder("a")), made(long))[0]).toBe("RecordUnreadable");
});

test.each([
  ["another version's", utf8("\x02{}")],
  ["damaged", utf8("\x01{")],
  ["without an owner", utf8('\x01{"l":1000,"e":1}')],
  ["of an epoch there cannot be", record("a", { epoch: 0 })],
  ["with a longer owner than anybody may have", record("a".repeat(257))],
])("a holder's record that is %s is told, never guessed at or dropped", (_what, value) => {
  const odd = kv(`${keys.exclusive.prefix}g`, value);
  const lock = { region: "here", namespace: "default", name: "a/b" };
  const unreadable = { kind: "RecordUnreadable", record: "x", lock, grantId: "g" };
  expect(read([made(odd)]).events).toMatchObject([{ ...unreadable, change: "put" }]);
  expect(read([gone(odd)]).events).toMatchObject([{ ...unreadable, change: "deleted" }]);
});

test("keys that no lock, place or session can have are told as unreadable", () => {
  const long = lockKeys(1, "default", "n".repeat(700)).exclusive.prefix;
  const odd = ["x/planted", "q/zzz/default/l/\0g", "p/000/default/l/\0g", `${long}g`, "v/planted"];
  for (const key of odd) expect(told(made(kv(key, utf8("?"))))).toEqual(["RecordUnreadable"]);
});

test("what is kept for other purposes tells nothing", () => {
  const others = ["m/placement", "g/generation", "g/012/default/l/\0p", "g/012/default/l/\0l/g"];
  const tombstones = ["t/012/default/l/\0g/5", "g/012/default/l/\0t/g/5"];
  const changes = [...others, ...tombstones].map((key) => made(kv(key, utf8("?"))));
  expect(told(...changes)).toEqual([]);
});

test("what one revision did to many locks has one order, whatever the order of the changes", () => {
  const changes = ["c", "a", "b"].flatMap((name) => {
    const own = lockKeys(0x12, "default", name);
    return [
      gone(kv(`${own.exclusive.prefix}1`, record(`${name}1`))),
      gone(kv(`${own.queue.prefix}2`, record(`${name}2`))),
      made(kv(`${own.exclusive.prefix}2`, record(`${name}2`))),
      made(kv(`${own.queue.prefix}3`, record(`${name}3`))),
    ];
  });
  const expected = ["a", "b", "c"].flatMap((name) => [
    `LockReleased ${name}1 released`,
    `LockHandedOver ${name}2`,
    `WaiterQueued ${name}3`,
  ]);
  const { events } = read(changes);
  expect(brief(events)).toEqual(expected);
  expect(events.map(({ index }) => index)).toEqual(expected.map((_, index) => index));
  expect(brief(read(changes.toReversed()).events)).toEqual(expected);
  const handed = events.filter((event) => event.kind === "LockHandedOver");
  expect(handed.map(({ from }) => from)).toEqual(["1", "1", "1"] as GrantId[]);
});

test("what stands in a shard is told as found, the same however it is cut into pages", () => {
  const marker = sessionMarker(session, lease, 10_000);
  const shared = kv(`${keys.shared.prefix}s`, record("s", { mode: "shared" }));
  const said = kv(closedKey(session), utf8("closed"));
  const mark = kv("m/time", utf8("1000"));
  const own = kv(marker.key, marker.value);
  const odd = kv("x/planted", utf8("?"));
  const standing = [said, mark, place("q"), shared, own, holder("a"), odd];
  const bookmark = bookmarkAt(mark, [said]);
  expect(bookmark).toEqual({ markMs: 1_000, closing: new Set([sessionReference(session)]) });
  const { events, nextIndex } = readStanding(of, 9n, standing, bookmark, 1);
  expect(brief(events)).toEqual([
    "WaiterQueued q",
    "LockAcquired s",
    "SessionOpened",
    "LockAcquired a",
    "RecordUnreadable",
  ]);
  for (const each of events) expect(each).toMatchObject({ found: true, revision: 9n, atMs: 1_000 });
  expect(nextIndex).toBe(6);
  let [index, paged] = [1, [] as AuditEvent[]];
  for (const each of standing) {
    const page = readStanding(of, 9n, [each], bookmark, index);
    index = page.nextIndex;
    paged = [...paged, ...page.events];
  }
  expect(paged).toEqual(events);
  expect(events.every((event) => decodeEvent(encodeEvent(event)).kind === "event")).toBe(true);
});

test("a revision whose history is gone is not told in part", () => {
  const changes: WatchedChange[] = [made(holder("a")), { kind: "delete", kv: holder("b") }];
  const lost = { kind: "history-lost", key: holder("b").key };
  expect(readRevision(of, 9n, changes, firstPage)).toEqual(lost);
});
