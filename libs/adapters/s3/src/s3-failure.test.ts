import { expect, test } from "vitest";
import { readFailure, s3Error, writeFailure } from "./s3-failure.ts";

test("nothing was stored where one side does not believe the other, and why is said", () => {
  const thrown = Object.assign(new Error("certificate has expired"), { code: "CERT_HAS_EXPIRED" });
  const message = "S3 at https://s3:9000: its certificate has expired: renew it there";
  const error = s3Error(thrown, "https://s3:9000");
  expect(writeFailure(error)).toEqual({ kind: "unavailable", message });
  expect(readFailure(error)).toEqual({ kind: "unavailable", message });
});

test("what a connection that broke had sent may have been stored", () => {
  const thrown = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  expect(writeFailure(s3Error(thrown)).kind).toBe("unknown");
});
