import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentNames, runName, stackNames } from "@holdfast/terraform/planned-stack";
import { openTerraform, terraformFolder } from "@holdfast/terraform/terraform-workspace";
import type { TestRun } from "@holdfast/terraform/test-results";
import { costReadme, isUpToDate, moduleFolders } from "@holdfast/terraform/written-files";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { plantedModule, startChecks, type TerraformChecks } from "./terraform-checks.ts";
import { unknownKeys } from "./unknown-keys.ts";

const opened = await openTerraform();
const missing = "missing" in opened ? opened.missing : undefined;
if (missing !== undefined) console.warn(`skipped, for want of Terraform: ${missing}`);

/** All of it takes 40 s on two processors; a machine that does other things takes longer. */
const waitMs = 600_000;

function faultsOf(runs: readonly TestRun[], file: string): string[] {
  const own = runs.filter((run) => run.file === file);
  if (own.length === 0) return [`${file} was not tested`];
  return own.filter(({ isPassed }) => !isPassed).map(({ run, faults }) => `${run}: ${faults}`);
}

const modules = moduleFolders()
  .filter((folder) => folder.startsWith("modules/"))
  .map((folder) => folder.slice("modules/".length));

describe.skipIf(missing !== undefined)("terraform", { timeout: waitMs }, () => {
  let checks: TerraformChecks;
  beforeAll(() => {
    if (!("missing" in opened)) checks = startChecks(opened);
  });
  afterAll(() => {
    if (!("missing" in opened)) opened[Symbol.dispose]();
  });

  it.each(modules)("the module %s keeps what its tests ask", async (name) => {
    expect(faultsOf(await checks.modules, name)).toEqual([]);
  });

  it("a record without its health check is found", async () => {
    expect(faultsOf(await checks.modules, plantedModule)).toEqual([
      expect.stringContaining("every_record_has_a_health_check"),
    ]);
  });

  it.each(["region", "global"] as const)("the stack %s keeps what its tests ask", async (stack) => {
    expect(faultsOf(await checks.stacks[stack], stack)).toEqual([]);
  });

  const others = environmentNames.filter((name) => name !== "prod");
  it.each(others)("the values of %s fit the stack global and every region", async (environment) => {
    const runs = [...(await checks.stacks.global), ...(await checks.stacks.region)];
    const own = runs.filter(({ file, run }) =>
      stackNames.some((stack) => file === "environments" && run === runName(environment, stack)),
    );
    expect(own).toHaveLength(stackNames.length);
    expect(faultsOf(own, "environments")).toEqual([]);
  });

  it("the values of prod fit, and cost what terraform/cost/README.md says", async () => {
    const document = costReadme(await checks.prod);
    expect(isUpToDate(document), "run: npm run generate -w infra/terraform").toBe(true);
  });

  it("the chart is told nothing that it does not know", async (context) => {
    const values = join(terraformFolder, "../helm/holdfast/values.yaml");
    context.skip(!existsSync(values), "there is no chart in this checkout");
    const known: unknown = parse(readFileSync(values, "utf8"));
    for (const { name, outputs } of await checks.prod) {
      expect(unknownKeys(outputs.helm_values ?? {}, known), name).toEqual([]);
    }
  });

  it.each(moduleFolders())("%s is valid", async (folder) => {
    const { isDone, said } = (await checks.valid.get(folder)) ?? { isDone: false, said: "unasked" };
    expect(isDone, said).toBe(true);
  });

  it("every file is formatted", async () => {
    const { isDone, said } = await checks.format;
    expect(isDone, said).toBe(true);
  });
});

it("every module is used by a stack", () => {
  const stacks = ["global", "region"]
    .map((stack) => readFileSync(join(terraformFolder, "stacks", stack, "main.tf"), "utf8"))
    .join("\n");
  expect(modules.filter((name) => !stacks.includes(`"../../modules/${name}"`))).toEqual([]);
});
