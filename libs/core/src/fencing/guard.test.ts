import { expect, test } from "vitest";
import { admit, FencingGuard } from "./guard.ts";

test("a replaced holder's write is refused once the next holder has written", () => {
  const guard = new FencingGuard();
  expect(guard.admit(7n)).toBe(true);
  expect(guard.admit(7n)).toBe(true);
  expect(guard.admit(8n)).toBe(true);
  expect(guard.admit(7n)).toBe(false);
  expect(guard.highest).toBe(8n);
});

test("a guard goes on from the token its resource remembers", () => {
  const guard = new FencingGuard(10n);
  expect(guard.admit(9n)).toBe(false);
  expect(guard.admit(10n)).toBe(true);
});

test("a refused token leaves the memory as it was", () => {
  expect(admit(5n, 4n)).toEqual({ admitted: false, highest: 5n });
  expect(admit(5n, 6n)).toEqual({ admitted: true, highest: 6n });
});

test("shared holders write in any order, until an exclusive one has written", () => {
  const guard = new FencingGuard();
  expect(guard.admit(8n, "shared")).toBe(true);
  expect(guard.admit(7n, "shared")).toBe(true);
  expect(guard.admit(9n)).toBe(true);
  expect(guard.admit(8n, "shared")).toBe(false);
  expect(guard.highest).toBe(9n);
});
