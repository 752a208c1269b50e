import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { costDocument } from "./cost-table.ts";
import { tablesOf, withTables } from "./module-readme.ts";
import { type CostInputs, monthlyCost } from "./monthly-cost.ts";
import { type PlannedStack, stackNames } from "./planned-stack.ts";
import { terraformFolder } from "./terraform-workspace.ts";

/** A file that is written by the script: what it should hold. */
export interface WrittenFile {
  /** From the folder `terraform/`. */
  readonly path: string;
  readonly text: string;
}

/** Modules and stacks, as folders below `terraform/`. */
export function moduleFolders(): string[] {
  return ["modules", "stacks"].flatMap((kind) =>
    readdirSync(join(terraformFolder, kind))
      .sort()
      .map((name) => `${kind}/${name}`),
  );
}

/** The README of each module and stack, with its tables. */
export function readmes(): WrittenFile[] {
  return moduleFolders().map((folder) => {
    const path = `${folder}/README.md`;
    const tables = tablesOf(read(`${folder}/variables.tf`), read(`${folder}/outputs.tf`));
    return { path, text: withTables(read(path), tables) };
  });
}

/** The table of what prod costs, from a plan of each of its stacks. */
export function costReadme(stacks: readonly PlannedStack[]): WrittenFile {
  const inputs = JSON.parse(read("cost/prices.json")) as CostInputs;
  const text = costDocument(monthlyCost(stacks, inputs), stackNames, inputs);
  return { path: "cost/README.md", text };
}

/** Whether what is committed is what would be written. */
export function isUpToDate({ path, text }: WrittenFile): boolean {
  return read(path) === text;
}

function read(path: string): string {
  const file = join(terraformFolder, path);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
