import type { LockEventKind } from "@holdfast/core/lock/lock-event";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ListRequest, WatchRequest } from "../generated/holdfast/v1/lock_service.ts";
import { arbitraryLabel, arbitraryLock } from "../testing/arbitrary-commands.ts";
import { arbitraryTenant } from "../testing/arbitrary-outcomes.ts";
import {
  readListRequest,
  readListResponse,
  readWatchRequest,
  readWatchResponse,
  writeListRequest,
  writeListResponse,
  writeWatchRequest,
  writeWatchResponse,
} from "./query-codec.ts";

const region = "us-east-1";
const list = { region, namespace: "default", prefix: "a/", pageSize: 10, pageToken: "t" };
const watch = { region, namespace: "default", name: "a", prefix: false, withCurrent: true };
const eventKinds: LockEventKind[] = [
  "LockAcquired",
  "LockRenewed",
  "LockEnded",
  "WaiterQueued",
  "WaiterLeft",
  "WatchRestarted",
];

test("a list and a watch are asked for as they were meant", () => {
  expect(readListRequest(writeListRequest(list), "elsewhere")).toEqual(list);
  expect(readWatchRequest(writeWatchRequest(watch), "elsewhere")).toEqual(watch);
  for (const consistency of ["linearizable", "cached"] as const) {
    const query = { ...list, consistency };
    expect(readListRequest(writeListRequest(query), "elsewhere")).toEqual(query);
  }
});

test("a list of a consistency that nobody knows is refused, never guessed", () => {
  const bytes = ListRequest.encode({ ...list, consistency: 3 as never }).finish();
  expect(readListRequest(bytes, region)).toMatchObject({
    code: "INVALID_ARGUMENT",
    field: "consistency",
    message: "There is no consistency 3; 1 is linearizable, 2 is cached.",
  });
});

test("what a list leaves out is the region of the endpoint and a page of 100", () => {
  const given = { ...list, region: "", pageSize: 0, consistency: 0 } as const;
  const bytes = ListRequest.encode(given).finish();
  expect(readListRequest(bytes, region)).toEqual({ ...list, pageSize: 100 });
});

test.each([
  ["a page of 1,001", { ...list, pageSize: 1_001 }, "page_size"],
  ["no namespace", { ...list, namespace: "" }, "namespace"],
  ["a prefix of 257 bytes", { ...list, prefix: "p".repeat(257) }, "prefix"],
  ["a prefix with NUL", { ...list, prefix: "p\0" }, "prefix"],
  ["a region in capitals", { ...list, region: "US" }, "region"],
  ["a page token of 2,049 bytes", { ...list, pageToken: "t".repeat(2_049) }, "page_token"],
])("a list with %s is refused", (_what, query, field) => {
  expect(readListRequest(writeListRequest(query), region)).toMatchObject({
    code: "INVALID_ARGUMENT",
    field,
  });
});

test("a watch of one lock needs its name, a watch of a prefix does not", () => {
  const empty = { ...watch, name: "" };
  expect(readWatchRequest(writeWatchRequest(empty), region)).toMatchObject({ field: "name" });
  const all = { ...empty, prefix: true };
  expect(readWatchRequest(WatchRequest.encode(all).finish(), region)).toEqual(all);
});

test("pages and events come out as they went in", () => {
  const locks = fc.array(fc.record({ lock: arbitraryLock, holder: arbitraryTenant }));
  const events = fc.array(
    fc.record({
      kind: fc.constantFrom(...eventKinds),
      lock: arbitraryLock,
      tenant: arbitraryTenant,
      shard: arbitraryLabel,
      revision: fc.bigInt({ min: 0n, max: 2n ** 63n }),
    }),
  );
  fc.assert(
    fc.property(locks, events, (held, happened) => {
      const page = { kind: "page" as const, locks: held, nextPageToken: "next" };
      expect(readListResponse(writeListResponse(page))).toEqual(page);
      const cached = { ...page, ageMs: 1_200 };
      expect(readListResponse(writeListResponse(cached))).toEqual(cached);
      expect(readWatchResponse(writeWatchResponse(happened))).toEqual(happened);
    }),
  );
});

test("bytes that are not protobuf are refused", () => {
  const garbage = Buffer.from([0x0a, 0x7f]);
  expect(readListRequest(garbage, region)).toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(readWatchRequest(garbage, region)).toMatchObject({ code: "INVALID_ARGUMENT" });
  expect(readListResponse(garbage)).toBeUndefined();
  expect(readWatchResponse(garbage)).toBeUndefined();
});
