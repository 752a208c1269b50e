import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import { tellRefused } from "./open-tls.ts";

function told() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const warn = (_: unknown, message: string): void => void lines.push(message);
  return { clock, lines, refused: tellRefused(clock, { warn } as never) };
}

test("who is turned away again and again is told of once a minute", async () => {
  const { clock, lines, refused } = told();
  for (let times = 0; times < 10; times++) refused("10.0.0.1", "expired");
  refused("10.0.0.1", "foreign");
  expect(lines).toEqual(["10.0.0.1 was turned away: expired", "10.0.0.1 was turned away: foreign"]);
  await clock.advance(60_000);
  refused("10.0.0.1", "expired");
  expect(lines).toHaveLength(3);
});

test("a stranger who calls himself something else each time does not fill the log", async () => {
  const { clock, lines, refused } = told();
  for (let times = 0; times < 5_000; times++) refused("10.0.0.1", `foreign (CN=n${times})`);
  expect(lines).toHaveLength(256);
  await clock.advance(60_000);
  refused("10.0.0.2", "expired");
  expect(lines).toHaveLength(257);
});
