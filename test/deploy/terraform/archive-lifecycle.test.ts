import { readFileSync } from "node:fs";
import { join } from "node:path";
import { linesPrefix } from "@holdfast/core/audit/archive-keys";
import { defaultLifecycle } from "@holdfast/core/audit/archive-lifecycle";
import { defaultArchiverSettings } from "@holdfast/engine/archiver/archiver";
import { attributeOf, blocksOf } from "@holdfast/terraform/hcl-blocks";
import { terraformFolder } from "@holdfast/terraform/terraform-workspace";
import { expect, it } from "vitest";

const module = join(terraformFolder, "modules/audit-archive");
const dayMs = 86_400_000;

/** What an input of the module is, for whoever sets nothing. */
function standard(name: string): number {
  const inputs = blocksOf("variable", readFileSync(join(module, "variables.tf"), "utf8"));
  const input = inputs.find(({ label }) => label === name);
  if (input === undefined) throw new Error(`the module audit-archive has no input ${name}`);
  return Number(attributeOf(input, "default"));
}

it("Terraform moves the archive into the ice on the days the archiver knows", () => {
  expect({
    glacierDays: standard("glacier_days"),
    deepArchiveDays: standard("deep_archive_days"),
  }).toEqual(defaultLifecycle);
});

it("Terraform keeps objects as long as the archiver does", () => {
  expect(standard("retention_days") * dayMs).toBe(defaultArchiverSettings.retentionMs);
});

it.each(["main.tf", "replication.tf"])("the rule in %s is about the archiver's lines", (file) => {
  expect(readFileSync(join(module, file), "utf8")).toContain(`prefix = "${linesPrefix}"`);
});
