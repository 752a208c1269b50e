import { expect, test } from "vitest";
import { readFailure, s3Error, writeFailure } from "./s3-failure.ts";

test("nothing was stored where one side does not believe the other, and why is said", () => {
  const thrown = Object.assign(new Error("certificate has expired"), { code: "CERT_HAS_EXPIRED" });
  const message = "S3: its certificate has expired: renew it there";
  expect(writeFailure(s3Error(thrown))).toEqual({ kind: "unavailable", message });
  expect(readFailure(s3Error(thrown))).toEqual({ kind: "unavailable", message });
});

test("what a connection that broke had sent may have been stored", () => {
  const thrown = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  expect(writeFailure(s3Error(thrown)).kind).toBe("unknown");
});
