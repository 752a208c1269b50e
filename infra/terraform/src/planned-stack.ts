import type { TerraformWorkspace } from "./terraform-workspace.ts";

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

/** Environments, from the cheapest to the one that counts. */
export const environmentNames = ["dev", "staging", "prod"] as const;

/** Folder of a stack, and what `terraform test` is told to judge one environment's values. */
export function environmentTest(
  environment: string,
  stack: string,
): { module: string; args: string[] } {
  const folder = `../../environments/${environment}`;
  const files = stack === "global" ? ["global"] : ["region", stack];
  return {
    module: stack === "global" ? "stacks/global" : "stacks/region",
    args: [
      ...["test", "-no-color", "-test-directory=environment-tests"],
      ...files.map((file) => `-var-file=${folder}/${file}.tfvars`),
    ],
  };
}

/**
 * Plans a stack with the mocked provider, and lets its test judge the plan. Throws with Terraform's
 * words if there is no plan or the test fails.
 */
export async function planStack(
  terraform: TerraformWorkspace,
  environment: string,
  stack: string,
): Promise<PlannedStack> {
  const { module, args } = environmentTest(environment, stack);
  const result = await terraform.run(module, [...args, "-json", "-verbose"]);
  const line = result.stdout.split("\n").find((each) => each.includes('"type":"test_plan"'));
  if (!result.isDone || line === undefined) {
    throw new Error(`${environment}/${stack} has no plan:\n${result.said.slice(0, 4_000)}`);
  }
  const { test_plan: plan } = JSON.parse(line) as { test_plan: PlanJson };
  return {
    name: stack,
    resources: plan.resource_changes
      .filter(({ mode }) => mode === "managed")
      .map(({ type, address, change }) => ({ type, address, values: change.after })),
    outputs: Object.fromEntries(
      Object.entries(plan.output_changes).map(([name, { after }]) => [name, after]),
    ),
  };
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
