import { describe, expect, test } from "vitest";
import {
  ArchivedRequest,
  AtRequest,
  ContendedRequest,
  ExportRequest,
  SessionRequest,
  TailRequest,
  TimelineRequest,
  VerifyRequest,
} from "../generated/holdfast/audit/v1/audit_service.ts";
import {
  auditLimits,
  readArchivedRequest,
  readAtRequest,
  readContendedRequest,
  readExportRequest,
  readSessionRequest,
  readTailRequest,
  readTimelineRequest,
  readVerifyRequest,
} from "./audit-request.ts";

const lock = { region: "global", namespace: "default", name: "a/b" };
const lastMs = 253_402_300_799_999;
const hash = Buffer.alloc(32, 7);

/** A request that says nothing but this. */
function bytesOf<Message>(
  type: {
    decode(bytes: Uint8Array): Message;
    encode(message: Message): { finish(): Uint8Array };
  },
  said: object,
): Uint8Array {
  return type.encode({ ...type.decode(new Uint8Array()), ...said }).finish();
}

const tail = (said: object) => readTailRequest(bytesOf(TailRequest, said));
const timeline = (said: object) => readTimelineRequest(bytesOf(TimelineRequest, said));
const at = (said: object) => readAtRequest(bytesOf(AtRequest, said));
const session = (said: object) => readSessionRequest(bytesOf(SessionRequest, said));
const contended = (said: object) => readContendedRequest(bytesOf(ContendedRequest, said));
const verify = (said: object) => readVerifyRequest(bytesOf(VerifyRequest, said));
const exported = (said: object) => readExportRequest(bytesOf(ExportRequest, said));
const archived = (said: object) => readArchivedRequest(bytesOf(ArchivedRequest, said));

describe("what a request leaves out", () => {
  test("is everything, from now on", () => {
    expect(tail({})).toEqual({ kinds: [] });
    expect(tail({ fromMs: 0n })).toEqual({ kinds: [], fromMs: 0 });
    expect(verify({})).toEqual({ trusted: [], written: [], hotOnly: false });
    expect(exported({})).toEqual({ fromMs: 0, toMs: lastMs, hotOnly: false });
    expect(archived({})).toEqual({ pageSize: 100, pageToken: "" });
  });

  test("is a page of 100, and ten locks", () => {
    const all = { fromMs: 0, toMs: lastMs };
    const page = { pageSize: 100, pageToken: "" };
    expect(timeline({ lock })).toEqual({ lock, ...all, ...page });
    expect(session({ session: "s".repeat(22) })).toEqual({ session: "s".repeat(22), ...page });
    expect(contended({})).toEqual({ ...all, limit: 10 });
  });
});

test("what a request says is read as it was meant", () => {
  const said = { cursor: "c", fromMs: 5n, kinds: ["LockAcquired"] };
  expect(tail({ ...said, namespace: "default", name: "", prefix: true })).toEqual({
    ...said,
    fromMs: 5,
    locks: { namespace: "default", name: "", prefix: true },
  });
  expect(at({ lock, atMs: 7n })).toEqual({ lock, atMs: 7 });
  const trusted = [{ cluster: "c", sequence: 2n ** 63n - 1n, hash }];
  const written = [{ cluster: "d", sequence: 1n, hash }];
  expect(verify({ cluster: "c", trusted, written, hotOnly: true })).toEqual({
    cluster: "c",
    trusted,
    written,
    hotOnly: true,
  });
  const days = { fromDay: "2026-01-01", toDay: "2026-01-02", cluster: "c" };
  const page = { pageSize: 1_000, pageToken: "t" };
  expect(archived({ ...days, ...page })).toEqual({ ...days, ...page });
});

const kinds = (count: number) => Array.from({ length: count }, () => "LockAcquired");
const heads = (count: number) =>
  Array.from({ length: count }, () => ({ cluster: "c", sequence: 1n, hash }));

/** The largest that is allowed, and one more. */
test.each<[string, () => object, () => object, string]>([
  [
    "a page",
    () => timeline({ lock, pageSize: 1_000 }),
    () => timeline({ lock, pageSize: 1_001 }),
    "page_size",
  ],
  [
    "a page token",
    () => session({ session: "s".repeat(22), pageToken: "t".repeat(2_048) }),
    () => session({ session: "s".repeat(22), pageToken: "t".repeat(2_049) }),
    "page_token",
  ],
  [
    "a time",
    () => at({ lock, atMs: BigInt(lastMs) }),
    () => at({ lock, atMs: BigInt(lastMs) + 1n }),
    "at_ms",
  ],
  [
    "a window's end",
    () => exported({ fromMs: 5n, toMs: 5n }),
    () => exported({ fromMs: 6n, toMs: 5n }),
    "to_ms",
  ],
  [
    "a count of locks",
    () => contended({ limit: 1_000 }),
    () => contended({ limit: 1_001 }),
    "limit",
  ],
  [
    "a cursor",
    () => tail({ cursor: "c".repeat(auditLimits.cursorBytesMax) }),
    () => tail({ cursor: "c".repeat(auditLimits.cursorBytesMax + 1) }),
    "cursor",
  ],
  ["kinds", () => tail({ kinds: kinds(32) }), () => tail({ kinds: kinds(33) }), "kinds"],
  ["heads", () => verify({ trusted: heads(64) }), () => verify({ trusted: heads(65) }), "trusted"],
  [
    "heads of journals",
    () => verify({ written: heads(1_024) }),
    () => verify({ written: heads(1_025) }),
    "written",
  ],
  [
    "a chain's name",
    () => verify({ cluster: "c".repeat(64) }),
    () => verify({ cluster: "c".repeat(65) }),
    "cluster",
  ],
  [
    "a lock's name",
    () => at({ lock: { ...lock, name: "n".repeat(256) } }),
    () => at({ lock: { ...lock, name: "n".repeat(257) } }),
    "lock.name",
  ],
  [
    "a record's number",
    () => verify({ trusted: [{ cluster: "c", sequence: 1n, hash }] }),
    () => verify({ trusted: [{ cluster: "c", sequence: 0n, hash }] }),
    "trusted.sequence",
  ],
])("%s may be that long, and no longer", (_what, allowed, refused, field) => {
  expect(allowed()).not.toHaveProperty("code");
  expect(refused()).toMatchObject({ code: "INVALID_ARGUMENT", field });
});

test.each<[string, object, string]>([
  ["no lock", timeline({}), "lock.name"],
  ["a lock without its region", at({ lock: { ...lock, region: "" } }), "lock.region"],
  ["a session's id that is too short", session({ session: "s".repeat(21) }), "session"],
  ["an event that is none", tail({ kinds: ["LockLost"] }), "kinds"],
  ["a name without a namespace", tail({ name: "a" }), "namespace"],
  [
    "a hash of 31 bytes",
    verify({ trusted: [{ ...heads(1)[0], hash: hash.subarray(1) }] }),
    "trusted.hash",
  ],
  [
    "a journal's head without a number",
    verify({ written: [{ ...heads(1)[0], sequence: 0n }] }),
    "written.sequence",
  ],
  ["a head of no chain", verify({ trusted: [{ ...heads(1)[0], cluster: "" }] }), "trusted.cluster"],
  ["a chain's name with NUL", exported({ cluster: "c\0" }), "cluster"],
  ["a day of another form", archived({ fromDay: "2026-1-1" }), "from_day"],
])("%s is refused", (_what, read, field) => {
  expect(read).toMatchObject({ kind: "failure", code: "INVALID_ARGUMENT", field });
});

test("bytes that are not protobuf are refused", () => {
  const garbage = Buffer.from([0x0a, 0x7f]);
  for (const read of [
    readTailRequest,
    readTimelineRequest,
    readAtRequest,
    readSessionRequest,
    readContendedRequest,
    readVerifyRequest,
    readExportRequest,
    readArchivedRequest,
  ]) {
    expect(read(garbage)).toMatchObject({ code: "INVALID_ARGUMENT" });
  }
});
