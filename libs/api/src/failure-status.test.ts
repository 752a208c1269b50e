import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FailureCode } from "@holdfast/base/failure";
import fc from "fast-check";
import { expect, test } from "vitest";
import { failureCodeNumber, failureCodeOf } from "./codec/vocabulary.ts";
import { failureOf, failureStatus, grpcCodes, statusOf } from "./failure-status.ts";
import { FailureCode as WireFailureCode } from "./generated/holdfast/v1/failure.ts";
import { arbitraryFailure, failureCodes } from "./testing/arbitrary-outcomes.ts";

test("every failure there is has a row, a number on the wire, and a way back", () => {
  const source = readFileSync(join(import.meta.dirname, "../../base/src/failure.ts"), "utf8");
  const declared = [...source.matchAll(/^ {2}\| "([A-Z_]+)"/gm)].map(([, code]) => code);
  expect(declared.length).toBeGreaterThan(10);
  expect(failureCodes.toSorted()).toEqual(declared.toSorted());
  for (const code of failureCodes) expect(failureCodeOf(failureCodeNumber(code))).toBe(code);
  const wireNames = Object.keys(WireFailureCode).filter((name) => !name.endsWith("_UNSPECIFIED"));
  expect(wireNames.map((name) => name.replace("FAILURE_CODE_", "")).toSorted()).toEqual(
    declared.toSorted(),
  );
});

test.each<[FailureCode, number, number, string]>([
  ["INVALID_ARGUMENT", grpcCodes.INVALID_ARGUMENT, 400, "no"],
  ["NOT_HELD", grpcCodes.FAILED_PRECONDITION, 412, "no"],
  ["SESSION_EXPIRED", grpcCodes.FAILED_PRECONDITION, 412, "no"],
  ["TOO_MANY_WAITERS", grpcCodes.RESOURCE_EXHAUSTED, 429, "later"],
  ["CONTENDED", grpcCodes.ABORTED, 503, "yes"],
  ["SHARD_UNAVAILABLE", grpcCodes.UNAVAILABLE, 503, "yes"],
  ["UNIMPLEMENTED", grpcCodes.UNIMPLEMENTED, 501, "no"],
  ["UNKNOWN_OUTCOME", grpcCodes.UNKNOWN, 504, "same-request"],
])("%s is gRPC %i and HTTP %i, repeat: %s", (code, grpc, http, repeat) => {
  expect(failureStatus[code]).toEqual({ grpc, http, repeat });
});

test("a failure comes back from its status as it was", () => {
  fc.assert(
    fc.property(arbitraryFailure, (found) => {
      expect(failureOf(statusOf(found))).toEqual(found);
    }),
    { numRuns: 500 },
  );
});

test("a status of somebody else says that nothing was done only where that is certain", () => {
  expect(failureOf({ code: grpcCodes.UNIMPLEMENTED, message: "m" }).code).toBe("UNIMPLEMENTED");
  for (const code of [1, 2, 4, 8, 13, 14, 15]) {
    expect(failureOf({ code, message: "m" }).code).toBe("UNKNOWN_OUTCOME");
  }
  const garbage = Buffer.from([0xff, 0xff, 0xff]);
  expect(failureOf({ code: 14, message: "m", detailsBin: garbage }).code).toBe("UNKNOWN_OUTCOME");
});

test("details of another domain are not taken for ours", () => {
  const { detailsBin, ...status } = statusOf({ kind: "failure", code: "LOST", message: "m" });
  const theirs = Buffer.from(
    Buffer.from(detailsBin).toString("latin1").replace("holdfast", "otherfox"),
    "latin1",
  );
  expect(failureOf({ ...status, detailsBin: theirs }).code).toBe("UNKNOWN_OUTCOME");
});
