import { expect, test } from "vitest";
import { type Bar, globalBars, localBars, verdict } from "./bars.ts";

const ratio = localBars.find((bar) => bar.key === "local.share_of_ceiling") as Bar;
const memory = localBars.find((bar) => bar.key === "waiters.bytes_each") as Bar;

test("a figure at its bar meets it, whichever way is better", () => {
  expect(verdict(ratio, 0.85)).toBe("aim");
  expect(verdict(ratio, 0.6)).toBe("met");
  expect(verdict(ratio, 0.599)).toBe("short");
  expect(verdict(memory, 2048)).toBe("aim");
  expect(verdict(memory, 4096)).toBe("met");
  expect(verdict(memory, 4097)).toBe("short");
});

test("a figure without a bar is stated", () => {
  const cpu = globalBars.find((bar) => bar.key === "global.cpu_vs_local") as Bar;
  expect(verdict(cpu, 4)).toBe("aim");
  expect(verdict(cpu, 4.1)).toBe("stated");
});

test("what was not measured is not judged", () => {
  expect(verdict(ratio, undefined)).toBe("-");
  expect(verdict(ratio, Number.NaN)).toBe("-");
});
