import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alerts } from "@holdfast/observability/alerts/alert-groups";
import { artefacts } from "@holdfast/observability/artefacts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { AlertCase } from "./cases/alert-case.ts";
import { alertCases } from "./cases/all-cases.ts";
import { runTool, toolFor } from "./observability-tools.ts";
import { ruleTestFile, titleOf } from "./rule-tests.ts";

const promtool = await toolFor("promtool", "the alerts are not tried out");
const runbooks = "https://runbooks.test";

it("every alert has a course of things in which it fires, and one in which it is silent", () => {
  const covered = (fires: boolean) =>
    alerts.filter(({ name }) =>
      alertCases.some((each) => each.alert === name && each.fires.length > 0 === fires),
    );
  expect(covered(true)).toEqual(alerts);
  expect(covered(false)).toEqual(alerts);
});

describe.skipIf(promtool.missing !== undefined)("promtool, over the rules", () => {
  let folder = "";
  let whole = { ok: false, output: "" };

  /** Runs cases over these rules; `change` may spoil the rules first. */
  function tried(cases: readonly AlertCase[], change = (text: string) => text) {
    const names = ["recording-rules.yaml", "alerts.yaml"];
    for (const name of names) {
      const text = artefacts(runbooks).get(`prometheus/${name}`) ?? "";
      writeFileSync(join(folder, name), change(text));
    }
    const paces = [...Map.groupBy(cases, ({ every = "1m" }) => every)];
    const tests = paces.map(([pace, some]) => {
      const content = stringify(ruleTestFile(some, names, runbooks));
      writeFileSync(join(folder, `${pace}.test.yaml`), content);
      return `${pace}.test.yaml`;
    });
    return runTool(promtool.path, ["test", "rules", ...tests], folder);
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-rules-"));
    whole = tried(alertCases);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("finds nothing wrong with them", () => {
    const { ok, output } = runTool(promtool.path, [
      "check",
      "rules",
      join(folder, "alerts.yaml"),
      join(folder, "recording-rules.yaml"),
    ]);
    expect(output).not.toContain("FAILED");
    expect(ok, output).toBe(true);
  });

  it("has tried them all", () => {
    expect(whole.ok, whole.output).toBe(true);
  });

  it.each(alertCases.map((each) => [titleOf(each)]))("%s", (title) => {
    const at = whole.output.indexOf(title);
    expect(at === -1 ? "" : whole.output.slice(at, at + 2_000)).toBe("");
  });

  it("sees an alert whose limit was moved", () => {
    const { ok, output } = tried(
      alertCases.filter(({ alert }) => alert === "HoldfastQueueLong"),
      (text) => text.replace("(holdfast_waiters) > 1000", "(holdfast_waiters) > 9000"),
    );
    expect(ok).toBe(false);
    expect(output).toContain("HoldfastQueueLong fires when 1,500 requests wait");
  });
});
