import { readFileSync } from "node:fs";
import { join } from "node:path";
import { testWithValues } from "./merged-tests.ts";
import { type TerraformWorkspace, terraformFolder } from "./terraform-workspace.ts";
import { testRuns } from "./test-results.ts";

/** A resource that a plan would make, with the values that are known before it is made. */
export interface PlannedResource {
  readonly type: string;
  readonly address: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What one stack declares with the values of an environment. */
export interface PlannedStack {
  /** `global`, or the region. */
  readonly name: string;
  readonly resources: readonly PlannedResource[];
  /** What is known of an output before anything is made, by its name. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** The stacks of every environment. */
export const stackNames = ["global", "us-east-1", "us-west-2", "eu-west-1"] as const;

/** Those of them that are regions. */
export const regionNames = ["us-east-1", "us-west-2", "eu-west-1"] as const;

/** Environments, from the cheapest to the one that counts. */
export const environmentNames = ["dev", "staging", "prod"] as const;

/** Folder below `terraform/` that holds the code of a stack. */
export function stackFolder(stack: string): string {
  return stack === "global" ? "stacks/global" : "stacks/region";
}

/** A test file that judges the values of an environment, or of several, for these stacks. */
export function environmentTests(
  environments: readonly string[],
  stacks: readonly string[],
): string {
  const [first = "global"] = stacks;
  const test = read(`${stackFolder(first)}/environment-tests/environment.tftest.hcl`);
  const merged = environments.flatMap((environment) =>
    stacks.map((stack) => {
      const files = stack === "global" ? ["global"] : ["region", stack];
      const values = files.map((file) => read(`environments/${environment}/${file}.tfvars`));
      return testWithValues(test, runName(environment, stack), values);
    }),
  );
  return [merged[0]?.head, ...merged.map(({ run }) => run)].join("\n");
}

/** Name of the run that judges an environment's values for a stack. */
export function runName(environment: string, stack: string): string {
  return `${environment}_${stack.replaceAll("-", "_")}`;
}

/**
 * Plans stacks of one kind with the mocked provider, and lets their tests judge the plans. Throws
 * with Terraform's words if there is no plan or a test fails.
 */
export async function planStacks(
  terraform: TerraformWorkspace,
  environment: string,
  stacks: readonly string[],
): Promise<PlannedStack[]> {
  const [first = "global"] = stacks;
  const folder = stackFolder(first);
  const tests = `${environment}-tests`;
  terraform.write(`${folder}/${tests}/plans.tftest.hcl`, environmentTests([environment], stacks));
  const args = ["test", "-json", "-verbose", `-test-directory=${tests}`];
  const { isDone, stdout, said } = await terraform.run(folder, args);
  const faults = isDone ? [] : testRuns(stdout).flatMap((run) => run.faults);
  if (!isDone) throw new Error(faults.length > 0 ? faults.join("\n") : said.slice(-4_000));
  const lines = stdout.split("\n").filter((line) => line.includes('"type":"test_plan"'));
  const plans = new Map(
    lines.map((line) => {
      const message = JSON.parse(line) as { "@testrun": string; test_plan: PlanJson };
      return [message["@testrun"], message.test_plan] as const;
    }),
  );
  return stacks.map((stack) => plannedStack(stack, plans.get(runName(environment, stack))));
}

function plannedStack(name: string, plan: PlanJson | undefined): PlannedStack {
  if (plan === undefined) throw new Error(`Terraform told no plan of ${name}`);
  return {
    name,
    resources: plan.resource_changes
      .filter(({ mode }) => mode === "managed")
      .map(({ type, address, change }) => ({ type, address, values: change.after })),
    outputs: Object.fromEntries(
      Object.entries(plan.output_changes).map(([output, { after }]) => [output, after]),
    ),
  };
}

function read(path: string): string {
  return readFileSync(join(terraformFolder, path), "utf8");
}

/** The part of Terraform's plan that is read here. */
interface PlanJson {
  readonly resource_changes: readonly {
    readonly mode: string;
    readonly type: string;
    readonly address: string;
    readonly change: { readonly after: Readonly<Record<string, unknown>> };
  }[];
  readonly output_changes: Readonly<Record<string, { readonly after: unknown }>>;
}
