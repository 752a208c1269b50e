import type { GrantId, LeaseId, RequestId } from "@holdfast/base/ids";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { encodeRecord } from "@holdfast/core/lock/record";
import { expect, test } from "vitest";
import type { WatchEvent } from "../ports/shard-store.ts";
import { tracesIn } from "./traces-in.ts";

const traceparent = `00-${"1".repeat(32)}-${"a".repeat(16)}-01`;

function put(grantId: string, trace?: string, owner = "me"): WatchEvent {
  const value = encodeRecord({
    ...{ owner, ttlMs: 1_000, mode: "exclusive", requestId: "r" as RequestId, metadata: {} },
    ...{ epoch: 1, atMs: 0 },
    ...(trace !== undefined && { traceparent: trace }),
  });
  const revisions = { createRevision: 7n, modRevision: 7n, lease: 1n as unknown as LeaseId };
  return { kind: "put", kv: { key: `x/00a/default/a/\0${grantId}`, value, ...revisions } as never };
}

const event = (kind: string, grantId: string) =>
  ({ kind, grantId: grantId as GrantId }) as unknown as AuditEvent;

test("a grant's event bears the trace that its record names", () => {
  const events = [event("LockAcquired", "one"), event("LockAcquired", "two")];
  const traces = tracesIn(events, [put("one", traceparent), put("two")]);
  expect([...traces]).toEqual([[events[0], traceparent]]);
});

test("a trace that is not kept is none, and neither is a text that looks like one", () => {
  const unkept = traceparent.replace(/01$/, "00");
  const watched = [put("one", unkept), put("two", undefined, `"p":"${traceparent}"`)];
  expect(tracesIn([event("LockAcquired", "one"), event("LockAcquired", "two")], watched).size).toBe(
    0,
  );
});

test("what was done to a grant later belongs to no acquire", () => {
  const renewed = [event("LockRenewed", "one")];
  expect(tracesIn(renewed, [put("one", traceparent)]).size).toBe(0);
});
