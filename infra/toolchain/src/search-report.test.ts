import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findTool } from "./find-tool.ts";
import { knownToBeMissing } from "./search-report.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-report-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function reporting(text: string): { HOLDFAST_TOOLS_JSON: string } {
  const file = join(folder, "tools.json");
  writeFileSync(file, text);
  return { HOLDFAST_TOOLS_JSON: file };
}

describe("the report of an earlier search", () => {
  it("says why a tool is missing", () => {
    const env = reporting('{"etcd": {"missing": "no Go"}, "redis": {"path": "r", "version": "7"}}');
    expect(knownToBeMissing("etcd", env)).toBe("no Go");
    expect(knownToBeMissing("redis", env)).toBeUndefined();
    expect(knownToBeMissing("postgres", env)).toBeUndefined();
  });

  it("is done without when there is none, or only half of one", () => {
    expect(knownToBeMissing("etcd", {})).toBeUndefined();
    expect(knownToBeMissing("etcd", { HOLDFAST_TOOLS_JSON: join(folder, "no") })).toBeUndefined();
    expect(knownToBeMissing("etcd", reporting('{"etcd": {"mis'))).toBeUndefined();
  });

  it("keeps a missing tool from being built again", async () => {
    const env = {
      ...reporting('{"etcd": {"missing": "no Go and no Docker"}}'),
      PATH: "",
      HOLDFAST_CACHE: join(folder, "cache"),
    };
    const result = await findTool("etcd", { env });
    expect(result).toMatchObject({ kind: "missing", reason: "no Go and no Docker" });
  });
});
