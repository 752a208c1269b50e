import { readFileSync } from "node:fs";
import { join } from "node:path";
import { testsOfModule } from "@holdfast/terraform/merged-tests";
import {
  environmentNames,
  environmentTests,
  type PlannedStack,
  planStacks,
  regionNames,
} from "@holdfast/terraform/planned-stack";
import {
  type TerraformResult,
  type TerraformWorkspace,
  terraformFolder,
} from "@holdfast/terraform/terraform-workspace";
import { type TestRun, testRuns } from "@holdfast/terraform/test-results";
import { moduleFolders } from "@holdfast/terraform/written-files";
import { inTurn } from "./in-turn.ts";

/** Everything Terraform is asked, each as soon as a processor is there for it. */
export interface TerraformChecks {
  readonly format: Promise<TerraformResult>;
  /** Folders of `terraform/`, modules and stacks, and whether each is valid by itself. */
  readonly valid: ReadonlyMap<string, Promise<TerraformResult>>;
  /** Runs of every module's own tests, and of the planted module. */
  readonly modules: Promise<TestRun[]>;
  /** Runs of the stacks' own tests, and of those of dev and staging. */
  readonly stacks: Readonly<Record<"global" | "region", Promise<TestRun[]>>>;
  /** What prod declares: the stack global, and the regions. */
  readonly prod: Promise<PlannedStack[]>;
}

/** A name that is no module's: a copy of dns where a record lost its health check. */
export const plantedModule = "planted";

/** As many at once as a small machine has processors. */
const width = 2;

/** Starts it all; nobody has to wait for what they do not ask about. */
export function startChecks(terraform: TerraformWorkspace): TerraformChecks {
  const turns = inTurn(width);
  const ask = (module: string, ...args: string[]): Promise<TerraformResult> =>
    turns(() => terraform.run(module, args));
  const tests = async (module: string): Promise<TestRun[]> => {
    const result = await ask(module, "test", "-json");
    const runs = testRuns(result.stdout);
    if (runs.length === 0) throw new Error(result.said.slice(-4_000));
    return runs;
  };
  const valid = (folder: string): Promise<TerraformResult> =>
    // `-no-tests`: tests of a module with several providers are valid in its own folder alone.
    ask(folder, "validate", "-no-tests", "-no-color");
  const plans = (stacks: readonly string[]): Promise<PlannedStack[]> =>
    turns(() => planStacks(terraform, "prod", stacks));

  mergeModules(terraform);
  callAliased(terraform);
  mergeEnvironments(terraform);
  const checks = {
    modules: tests("merged/modules"),
    stacks: { region: tests("stacks/region"), global: tests("stacks/global") },
    prod: Promise.all([plans(["global"]), plans(regionNames)]).then((parts) => parts.flat()),
    valid: new Map(moduleFolders().map((folder) => [folder, valid(callerOf(folder))])),
    // In the repository itself: what is written into the copy need not be formatted.
    format: ask("stacks/global", "fmt", "-check", "-diff", "-recursive", terraformFolder),
  };
  // Whoever asks gets the error; without this, one that nobody asked about ends the process.
  for (const each of [checks.modules, checks.prod, ...Object.values(checks.stacks)]) {
    each.catch(() => undefined);
  }
  return checks;
}

/** One folder that holds the tests of all modules, and of the planted one. */
function mergeModules(terraform: TerraformWorkspace): void {
  const modules = moduleFolders().filter((folder) => folder.startsWith("modules/"));
  terraform.write("merged/modules/main.tf", read("modules/network/versions.tf"));
  for (const folder of modules) {
    const name = folder.slice("modules/".length);
    const tests = read(`${folder}/tests/${name}.tftest.hcl`);
    const merged = testsOfModule(tests, `../../${folder}`);
    terraform.write(`merged/modules/tests/${name}.tftest.hcl`, merged);
  }
  for (const file of ["main.tf", "health.tf", "variables.tf", "outputs.tf", "versions.tf"]) {
    const text = read(`modules/dns/${file}`).replace(
      "health_check_id = aws_route53_health_check.any.id",
      "health_check_id = null",
    );
    terraform.write(`merged/dns/${file}`, text);
  }
  terraform.write(
    `merged/modules/tests/${plantedModule}.tftest.hcl`,
    testsOfModule(read("modules/dns/tests/dns.tftest.hcl"), "../dns"),
  );
}

/** The other configurations of its provider that a module is to be given by whoever calls it. */
function aliasesOf(folder: string): string[] {
  const [, aliases = ""] =
    /configuration_aliases\s*=\s*\[(.*)\]/.exec(read(`${folder}/versions.tf`)) ?? [];
  return [...aliases.matchAll(/aws\.(\w+)/g)].map(([, alias = ""]) => alias);
}

/**
 * Where a module is valid by itself: one that is to be given providers is not, without a caller.
 */
function callerOf(folder: string): string {
  return aliasesOf(folder).length > 0 ? `callers/${folder}` : folder;
}

/** Callers of such modules, with the values that their tests have. */
function callAliased(terraform: TerraformWorkspace): void {
  for (const folder of moduleFolders()) {
    const aliases = aliasesOf(folder);
    if (aliases.length === 0) continue;
    const tests = read(`${folder}/tests/${folder.slice("modules/".length)}.tftest.hcl`);
    const [, values = ""] = /^variables \{\n([\s\S]*?)^\}/m.exec(tests) ?? [];
    const given = ["aws", ...aliases.map((alias) => `aws.${alias}`)];
    const text = [
      read("modules/network/versions.tf"),
      ...aliases.map((alias) => `provider "aws" {\n  alias = "${alias}"\n}`),
      'module "called" {',
      `  source = "../../../${folder}"`,
      `  providers = {\n${given.map((each) => `    ${each} = ${each}`).join("\n")}\n  }`,
      `${values}}`,
    ];
    terraform.write(`${callerOf(folder)}/main.tf`, `${text.join("\n")}\n`);
  }
}

/** The values of all environments but prod, among the tests of each stack. */
function mergeEnvironments(terraform: TerraformWorkspace): void {
  const others = environmentNames.filter((name) => name !== "prod");
  const file = "tests/environments.tftest.hcl";
  terraform.write(`stacks/global/${file}`, environmentTests(others, ["global"]));
  terraform.write(`stacks/region/${file}`, environmentTests(others, regionNames));
}

function read(path: string): string {
  return readFileSync(join(terraformFolder, path), "utf8");
}
