import type { GrantId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { parseHandle, printHandle } from "./grant-handle.ts";

const handle = {
  lock: { region: "us-east-1", namespace: "default", name: "orders/a=b:12~345,@+._-" },
  mode: "shared" as const,
  token: 2n ** 63n - 1n,
  grantId: "abcdefghijklmnopqrs-_1" as GrantId,
  ttlMs: 3_600_000,
  repeated: true,
};

test("a handle survives print and parse, whatever a name may hold", () => {
  expect(parseHandle(printHandle(handle))).toEqual(handle);
  const once = { ...handle, mode: "exclusive" as const, repeated: false };
  expect(parseHandle(`  ${printHandle(once)}\n`)).toEqual(once);
});

test("a handle reads as the lock it names", () => {
  expect(printHandle(handle)).toMatch(/^us-east-1\/default\/orders\/a=b:12~345,@\+\._-#s\./);
});

test.each([
  "",
  "order",
  "us-east-1/default/order",
  "us-east-1/default/a//b#x.abcdefghijklmnopqrs-_1.5.30000",
  "US/default/order#x.abcdefghijklmnopqrs-_1.5.30000",
  "us-east-1/default/order#y.abcdefghijklmnopqrs-_1.5.30000",
  "us-east-1/default/order#x.short.5.30000",
  "us-east-1/default/order#x.abcdefghijklmnopqrs-_1.-5.30000",
])("%j is refused as a handle", (text) => {
  expect(() => parseHandle(text)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
});
