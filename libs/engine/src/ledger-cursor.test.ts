import { expect, test } from "vitest";
import {
  archivedCursor,
  chainCursor,
  parkedCursor,
  readArchivedCursor,
  readChainCursor,
  readParkedCursor,
  readTimeCursor,
  readViolationCursor,
  timeCursor,
  violationCursor,
} from "./ledger-cursor.ts";
import { encodePageToken } from "./page-token.ts";

const row = {
  atMs: 253_402_300_799_999,
  cluster: "c1",
  revision: 2n ** 63n - 1n,
  index: 2 ** 31 - 1,
};
const link = { sequence: 2n ** 63n - 1n, revision: 0n, index: 0 };
const finding = { foundAtMs: 7, id: "a" };
const parked = { parkedAtMs: 7, id: "events/1/2" };
const part = { day: "2026-11-22", cluster: "c1", part: 2 ** 31 - 1 };

test("a cursor leads back to the place it was written for", () => {
  expect(readTimeCursor("timeline", timeCursor("timeline", row))).toEqual(row);
  expect(readChainCursor(chainCursor(link))).toEqual(link);
  expect(readViolationCursor(violationCursor(finding))).toEqual(finding);
  expect(readArchivedCursor(archivedCursor(part))).toEqual(part);
  expect(readParkedCursor(parkedCursor(parked))).toEqual(parked);
});

test("one of another question leads nowhere", () => {
  expect(readTimeCursor("before", timeCursor("timeline", row))).toBeUndefined();
  expect(readChainCursor(archivedCursor(part))).toBeUndefined();
  expect(readViolationCursor(chainCursor(link))).toBeUndefined();
  expect(readArchivedCursor(violationCursor(finding))).toBeUndefined();
  expect(readParkedCursor(violationCursor(finding))).toBeUndefined();
});

test("nor does one of a place that there cannot be, which a database would stumble over", () => {
  const tooLarge = String(2 ** 31);
  const late = { ...row, atMs: row.atMs + 1 };
  expect(readTimeCursor("timeline", timeCursor("timeline", late))).toBeUndefined();
  expect(readTimeCursor("timeline", encodePageToken("timeline", "c1", "0", "1", tooLarge))).toBe(
    undefined,
  );
  expect(readChainCursor(encodePageToken("chain", "1", "1", tooLarge))).toBeUndefined();
  expect(readChainCursor(encodePageToken("chain", "1", "-1", "0"))).toBeUndefined();
  expect(readViolationCursor(encodePageToken("violations", `1${"0".repeat(18)}`, "a"))).toBe(
    undefined,
  );
  expect(readArchivedCursor(encodePageToken("archived", "2026-02-30", "c1", "0"))).toBe(undefined);
  expect(readArchivedCursor(encodePageToken("archived", part.day, "c1", tooLarge))).toBe(undefined);
});
