import { expect, test } from "vitest";
import { isSampled, traceIdOf } from "./tracer.ts";

const kept = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

test("a trace context says whether its trace is kept, and which one it is", () => {
  expect(isSampled(kept)).toBe(true);
  expect(isSampled(kept.replace(/01$/, "00"))).toBe(false);
  expect(isSampled(kept.replace(/01$/, "03"))).toBe(true);
  expect(isSampled(undefined)).toBe(false);
  expect(traceIdOf(kept)).toBe("4bf92f3577b34da6a3ce929d0e0e4736");
});
