import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  environmentNames,
  environmentTest,
  type PlannedStack,
  planStack,
  stackNames,
} from "@holdfast/terraform/planned-stack";
import {
  openTerraform,
  type TerraformResult,
  terraformFolder,
} from "@holdfast/terraform/terraform-workspace";
import { costReadme, isUpToDate, moduleFolders } from "@holdfast/terraform/written-files";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { inTurn } from "./in-turn.ts";
import { unknownKeys } from "./unknown-keys.ts";

const opened = await openTerraform();
const missing = "missing" in opened ? opened.missing : undefined;
if (missing !== undefined) console.warn(`skipped, for want of Terraform: ${missing}`);
afterAll(() => {
  if (!("missing" in opened)) opened[Symbol.dispose]();
});

/** As many at once as a small machine has processors; the others wait for their turn. */
const turns = inTurn(2);

function terraform(module: string, ...args: string[]): Promise<TerraformResult> {
  if ("missing" in opened) throw new Error(opened.missing);
  return turns(() => opened.run(module, args));
}

function plan(environment: string, stack: string): Promise<PlannedStack> {
  if ("missing" in opened) throw new Error(opened.missing);
  return turns(() => planStack(opened, environment, stack));
}

describe.skipIf(missing !== undefined).concurrent("terraform", () => {
  it("every file is formatted", async () => {
    const { isDone, said } = await terraform(
      "stacks/global",
      "fmt",
      "-check",
      "-recursive",
      "../..",
    );
    expect(isDone, said).toBe(true);
  });

  it.each(["global", "region"])(
    "the stack %s is valid, with all modules it uses",
    async (stack) => {
      // `-no-tests`: tests of a module with several providers are valid in its own folder alone.
      const args = ["validate", "-no-tests", "-no-color"];
      const { isDone, said } = await terraform(`stacks/${stack}`, ...args);
      expect(isDone, said).toBe(true);
    },
  );

  it("every module is used by a stack", () => {
    const stacks = ["global", "region"]
      .map((stack) => readFileSync(join(terraformFolder, "stacks", stack, "main.tf"), "utf8"))
      .join("\n");
    const modules = moduleFolders().filter((folder) => folder.startsWith("modules/"));
    expect(modules.filter((folder) => !stacks.includes(`"../../${folder}"`))).toEqual([]);
  });

  it.each(moduleFolders())("%s keeps what its own tests ask", async (folder) => {
    const { isDone, said } = await terraform(folder, "test", "-no-color");
    expect(isDone, said).toBe(true);
    expect(said).toMatch(/Success! [1-9]\d* passed, 0 failed/);
  });

  it("a record without its health check does not pass", async () => {
    if ("missing" in opened) return;
    opened.plant("modules/dns", "planted/dns", "main.tf", (text) =>
      text.replace("health_check_id = aws_route53_health_check.any.id", "health_check_id = null"),
    );
    const { isDone, said } = await terraform("planted/dns", "test", "-no-color");
    expect(isDone).toBe(false);
    expect(said).toContain("what leads to several asks whether any of them answers");
  });

  const others = environmentNames
    .filter((environment) => environment !== "prod")
    .flatMap((environment) => stackNames.map((stack) => [environment, stack] as const));

  it.each(others)("the values of %s fit %s", async (environment, stack) => {
    const { module, args } = environmentTest(environment, stack);
    const { isDone, said } = await terraform(module, ...args);
    expect(isDone, said).toBe(true);
  });
});

describe.skipIf(missing !== undefined).concurrent("prod", () => {
  const stacks = new Map<string, Promise<PlannedStack>>();
  const stackOf = (name: string): Promise<PlannedStack> => {
    const planned = stacks.get(name) ?? plan("prod", name);
    stacks.set(name, planned);
    return planned;
  };

  it.each(stackNames)("the values fit %s", async (name) => {
    expect((await stackOf(name)).resources.length).toBeGreaterThan(20);
  });

  it("costs what terraform/cost/README.md says", async () => {
    const planned = await Promise.all(stackNames.map(stackOf));
    const document = costReadme(planned);
    expect(isUpToDate(document), "run: npm run generate -w infra/terraform").toBe(true);
  });

  it("tells the chart nothing that the chart does not know", async (context) => {
    const values = join(terraformFolder, "../helm/holdfast/values.yaml");
    context.skip(!existsSync(values), "there is no chart in this checkout");
    const { outputs } = await stackOf("us-east-1");
    const known: unknown = parse(readFileSync(values, "utf8"));
    expect(unknownKeys(outputs.helm_values, known)).toEqual([]);
  });
});
