import { utf8, utf8Text } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { append, genesis } from "@holdfast/core/audit/chain";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { encodeEvent } from "@holdfast/core/audit/event-codec";
import { expect, test } from "vitest";
import { eventRecord, readEventRecord, recordTrace } from "./event-record.ts";

const place = { cluster: "c", revision: 9n, index: 0, atMs: 1, region: "here", shard: "s0" };
/** A letter of every plane of Unicode. */
const planes = Array.from({ length: 17 }, (_, plane) => String.fromCodePoint(plane * 65_536 + 80));
const acquired: AuditEvent = {
  ...place,
  kind: "LockAcquired",
  lock: { region: "here", namespace: "default", name: "a/b" },
  grantId: "g" as GrantId,
  token: 5n,
  mode: "exclusive",
  owner: planes.join(""),
  ttlMs: 1_000,
};

function recorded(event: AuditEvent) {
  const link = append(genesis("c"), utf8(encodeEvent(event)));
  return { link, record: eventRecord(event, link) };
}

test("an event comes back from its record with its place in the chain", () => {
  const { link, record } = recorded(acquired);
  expect(readEventRecord(record)).toEqual({ kind: "event", event: acquired, link });
});

test("the records of a lock have one key, so have those of a session, and the rest the cluster's", () => {
  const opened = { ...place, kind: "SessionOpened", session: "r", ttlMs: 1 } as const;
  const odd = { ...place, kind: "RecordUnreadable", record: "x", change: "put" } as const;
  const keys = [acquired, opened, odd].map((event) => utf8Text(recorded(event).record.key));
  expect(keys).toEqual(["default/a/b", "r", "c"]);
});

test("a record bears the trace it belongs to, and reads back as the same event", () => {
  const traceparent = `00-${"1".repeat(32)}-${"a".repeat(16)}-01`;
  const { link, record } = recorded(acquired);
  const traced = eventRecord(acquired, link, traceparent);
  expect(recordTrace(traced)).toBe(traceparent);
  expect(readEventRecord(traced)).toEqual(readEventRecord(record));
  const odd = { headers: { ...record.headers, traceparent: "no such thing" } };
  expect([recordTrace(record), recordTrace(odd)]).toEqual([undefined, undefined]);
});

test("a record that was changed on the way has another hash than the next one expects", () => {
  const { link, record } = recorded(acquired);
  const value = utf8(utf8Text(record.value).replace('"token":"5"', '"token":"6"'));
  const read = readEventRecord({ ...record, value });
  expect(read.kind === "event" && read.link.hash).not.toEqual(link.hash);
});

test("a record that does not say where in the chain it stands is damaged, a newer one unknown", () => {
  const { record } = recorded(acquired);
  const chain = record.headers.chain ?? "";
  for (const bad of ["", chain.replace(/^\d+/, "0"), chain.slice(0, -1), `${chain}=`]) {
    const headers = { chain: bad };
    expect(readEventRecord({ ...record, headers })).toMatchObject({ kind: "damaged" });
  }
  expect(readEventRecord({ ...record, headers: {} })).toMatchObject({ kind: "damaged" });
  expect(readEventRecord({ ...record, value: utf8("?") })).toMatchObject({ kind: "damaged" });
  const newer = utf8('{"v":2,"kind":"LockLent"}');
  expect(readEventRecord({ ...record, value: newer })).toMatchObject({ kind: "unknown" });
});
