import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import { FaultReport } from "./fault-report.ts";

test("so many faults are told as somebody can read, and then how many were left out", async () => {
  const clock = new ManualClock();
  const told: string[] = [];
  const report = new FaultReport(clock, ({ message, leftOut }) => {
    told.push(`${message} ${leftOut}`);
  });
  const fault = { operation: "acquire", code: "NO_QUORUM" } as const;
  for (let at = 0; at < 25; at++) report.tell({ ...fault, message: `${at}` });
  expect(told).toEqual(Array.from({ length: 10 }, (_, at) => `${at} 0`));
  await clock.advance(1_000);
  report.tell({ ...fault, message: "later" });
  report.tell({ ...fault, message: "once more" });
  expect(told.slice(10)).toEqual(["later 15", "once more 0"]);
});
