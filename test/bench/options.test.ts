import { expect, test } from "vitest";
import { auditBars, globalBars, localBars } from "./bars.ts";
import { parseOptions } from "./options.ts";
import { partsFor, partsOf } from "./parts.ts";

test("a round's length is what was asked for, and long enough where nothing was", () => {
  expect(parseOptions(["local", "--seconds", "3"])).toMatchObject({ roundS: 3, rounds: 3 });
  expect(parseOptions(["local"])).toMatchObject({ roundS: 10, rounds: 5 });
});

test("without --only everything is measured", () => {
  for (const suite of ["local", "global", "audit"] as const) {
    expect(parseOptions([suite])).toMatchObject({ suite, parts: new Set(partsOf[suite]) });
  }
});

test("a figure brings what it is a ratio of", () => {
  const options = parseOptions(["local", "--only", "local.vs_redlock", "--only", "idle"]);
  expect(options).toMatchObject({ parts: new Set(["redlock", "holdfast", "idle"]) });
  expect(parseOptions(["local", "--only", "ceiling"])).toMatchObject({
    parts: new Set(["ceiling"]),
  });
});

test("every figure that has a bar can be asked for", () => {
  for (const { key } of localBars) expect(partsFor("local", key), key).not.toHaveLength(0);
  for (const { key } of globalBars) expect(partsFor("global", key), key).not.toHaveLength(0);
  for (const { key } of auditBars) expect(partsFor("audit", key), key).not.toHaveLength(0);
});

test("a timeline is looked for among a million events, or as many as are wanted", () => {
  expect(parseOptions(["audit"])).toMatchObject({ rows: 1_000_000 });
  expect(parseOptions(["audit", "--rows", "10000000"])).toMatchObject({ rows: 10_000_000 });
});

test("a wrong argument is refused with the argument named", () => {
  for (const [args, message] of [
    [["local", "--only", "locals"], "locals"],
    [["global", "--only", "redlock"], "redlock"],
    [["local", "--seconds", "0"], "1 to 60"],
    [["local", "--seconds", "x"], "1 to 60"],
    [["audit", "--rows", "9998"], "9998"],
    [["audit", "--rows", "10001"], "10001"],
    [["local", "--rows", "10000"], "audit"],
    [["planet"], "global"],
    [[], "local"],
    [["local", "--fast"], "--fast"],
  ] as const) {
    const parsed = parseOptions(args);
    expect(parsed.kind).toBe("usage");
    expect(parsed.kind === "usage" && parsed.message).toContain(message);
  }
});

test("help is help, whatever else stands there", () => {
  expect(parseOptions(["--help"]).kind).toBe("help");
});
