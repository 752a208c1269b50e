import { utf8 } from "@holdfast/base/bytes";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { delegationKeys } from "../delegation/delegation-keys.ts";
import { encodeState, openedState } from "../delegation/delegation-state.ts";
import { encodeHolder, encodePlace } from "../delegation/local-record.ts";
import { sessionMarker } from "../lease/marker.ts";
import { closedKey } from "../lock/keys.ts";
import { requestOf, sessionOf } from "../quorum/testing/requests.ts";
import type { KeyValue } from "../txn/txn.ts";
import { firstPage, readRevision } from "./history.ts";
import type { WatchedChange } from "./key-changes.ts";

const of = { cluster: "c", region: "here", shard: "s0" };
const keys = delegationKeys(0x12, "default", "l");
const lease = 77n as LeaseId;
const token = (5n << 20n) | 3n;

function kv(key: string, value: Uint8Array): KeyValue {
  return { key, value, createRevision: 5n, modRevision: 5n, lease };
}

const made = (kv: KeyValue): WatchedChange => ({ kind: "put", kv });
const gone = (previous: KeyValue): WatchedChange => ({ kind: "delete", kv: previous, previous });
const state = (counter: bigint) => {
  return made(kv(keys.state, encodeState(openedState("d" as GrantId, counter))));
};
const holder = (name: string) => {
  return kv(keys.holders.prefix + name, encodeHolder(requestOf(name), token));
};
const place = (name: string) => {
  return kv(keys.places.prefix + name, encodePlace(requestOf(name), "c"));
};
const marker = (name: string) => {
  const { key, value } = sessionMarker(sessionOf(name), lease, 10_000);
  return kv(key, value);
};

function told(changes: readonly WatchedChange[], bookmark = firstPage): string[] {
  const derived = readRevision(of, 9n, changes, bookmark);
  if (derived.kind !== "derived") throw new Error(`${derived.key} is lost`);
  return derived.events.map((each) => {
    const whose = "owner" in each ? ` ${each.owner}` : "";
    return `${each.kind}${whose}${"cause" in each ? ` ${each.cause}` : ""}`;
  });
}

test("a grant by a delegation has the token of its key's value, and no ballot", () => {
  const derived = readRevision(of, 9n, [made(holder("a")), state(5n)], firstPage);
  if (derived.kind !== "derived") throw new Error(derived.key);
  const lock = { region: "global", namespace: "default", name: "l" };
  expect(derived.events).toMatchObject([{ kind: "DelegatedGranted", lock, token, grantId: "a" }]);
  expect(derived.events[0]).not.toHaveProperty("ballot");
});

test("a hand-over in a region is a release and a grant that names it", () => {
  const changes = [gone(holder("a")), gone(place("b")), made(holder("b")), state(5n)];
  expect(told(changes)).toEqual(["DelegatedReleased a released", "DelegatedGranted b"]);
});

test("a holder that goes as its lease ends is lost, and released if its session was closed", () => {
  const end = [gone(holder("a")), gone(marker("a"))];
  expect(told(end)).toEqual(["DelegatedLost a expired", "SessionEnded expired"]);
  const closing = readRevision(
    of,
    8n,
    [made(kv(closedKey(sessionOf("a")), utf8("closed")))],
    firstPage,
  );
  if (closing.kind !== "derived") throw new Error(closing.key);
  expect(told(end, closing.bookmark)).toEqual([
    "DelegatedReleased a session-closed",
    "SessionEnded closed",
  ]);
});

test("a holder under an older delegation is lost when a newer one opens", () => {
  expect(told([gone(holder("a")), state(6n)])).toEqual(["DelegatedLost a superseded"]);
});

test("a place that goes was withdrawn, or has expired with its lease", () => {
  expect(told([gone(place("a"))])).toEqual(["WaiterLeft a withdrawn"]);
  expect(told([gone(place("a")), gone(marker("a"))])[0]).toBe("WaiterLeft a expired");
  expect(told([made(place("a"))])).toEqual(["WaiterQueued a"]);
});

test("records that cannot be read are told", () => {
  const odd = [keys.holders.prefix, keys.places.prefix].map((prefix) => {
    return kv(`${prefix}a`, utf8("?"));
  });
  expect(told(odd.map(made))).toEqual(["RecordUnreadable", "RecordUnreadable"]);
  expect(told(odd.map(gone))).toEqual(["RecordUnreadable", "RecordUnreadable"]);
});
