import { expect, test } from "vitest";
import { lockNamed } from "../testing/event-script.ts";
import { newsLine } from "./news-line.ts";

const events = [{ cluster: "c", revision: 2n ** 60n, index: 3 }];

test("a violation is an error that names its rule, its lock and its events, as JSON takes them", () => {
  const violation = { id: "i", rule: "two-exclusive", lock: lockNamed("a"), atMs: 1, foundAtMs: 2 };
  const line = newsLine({ kind: "violation", violation: { ...violation, message: "m", events } });
  expect(line).toEqual({
    level: "error",
    fields: {
      "event.action": "violation",
      rule: "two-exclusive",
      lock: lockNamed("a"),
      events: ["c 1152921504606846976.3"],
    },
    message: "m",
  });
  expect(() => JSON.stringify(line)).not.toThrow();
});

test("many conflicts are one line, which names the first", () => {
  const hash = new Uint8Array(32);
  const identity = { day: "2026-11-22", cluster: "c", revision: 7n, index: 0 };
  const conflict = { identity, storedHash: hash, givenHash: hash };
  const line = newsLine({ kind: "conflicts", conflicts: [conflict, conflict] });
  expect(line.fields).toEqual({ "event.action": "conflicts", conflicts: 2, first: "c 7.0" });
  expect(() => JSON.stringify(line)).not.toThrow();
});
