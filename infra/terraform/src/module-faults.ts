import { attributeOf, blocksOf, type HclBlock } from "./hcl-blocks.ts";

/** Reads a file of a module by its path in the module's folder; undefined if it is not there. */
export type ModuleReader = (path: string) => string | undefined;

/** What a module called `name` lacks of that which every module has; empty if nothing. */
export function moduleFaults(name: string, read: ModuleReader): string[] {
  const tests = `tests/${name}.tftest.hcl`;
  const all = ["README.md", "versions.tf", "variables.tf", "outputs.tf", tests];
  const missing = all.filter((path) => read(path) === undefined);
  return [
    ...missing.map((path) => `${path} is missing`),
    ...versionFaults(read("versions.tf") ?? ""),
    ...variableFaults(read("variables.tf") ?? "", read(tests) ?? ""),
  ];
}

function versionFaults(versions: string): string[] {
  return [
    ...(/required_version\s*=\s*">= 1\.11"/.test(versions) ? [] : ["Terraform is not >= 1.11"]),
    ...(/version\s*=\s*"~> 5\.100"/.test(versions) ? [] : ["the provider is not ~> 5.100"]),
  ];
}

/** Every value but yes and no can be wrong: then the plan refuses it, and a test shows that. */
function variableFaults(variables: string, tests: string): string[] {
  const refused = new Set(
    [...tests.matchAll(/expect_failures\s*=\s*\[([^\]]*)\]/g)].flatMap(([, list = ""]) =>
      [...list.matchAll(/var\.(\w+)/g)].map(([, variable]) => variable),
    ),
  );
  return blocksOf("variable", variables).flatMap((block) => {
    if (attributeOf(block, "description") === undefined) return [`${block.label} is not described`];
    if (attributeOf(block, "type") === "bool") return [];
    if (!isValidated(block)) return [`${block.label} takes any value`];
    return refused.has(block.label) ? [] : [`no test shows that ${block.label} refuses a value`];
  });
}

function isValidated(block: HclBlock): boolean {
  return /^ {2}validation \{$/m.test(block.body);
}
