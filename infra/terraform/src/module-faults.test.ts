import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { moduleFaults } from "./module-faults.ts";
import { terraformFolder } from "./terraform-workspace.ts";
import { moduleFolders } from "./written-files.ts";

const modules = moduleFolders()
  .filter((folder) => folder.startsWith("modules/"))
  .map((folder) => folder.slice("modules/".length));

function readModule(name: string, path: string): string | undefined {
  const file = join(terraformFolder, "modules", name, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

it.each(modules)("the module %s has what every module has", (name) => {
  expect(moduleFaults(name, (path) => readModule(name, path))).toEqual([]);
});

it("there are ten of them", () => {
  expect(modules).toHaveLength(10);
});

it("what is missing is named", () => {
  expect(moduleFaults("empty", () => undefined)).toEqual([
    "README.md is missing",
    "versions.tf is missing",
    "variables.tf is missing",
    "outputs.tf is missing",
    "tests/empty.tftest.hcl is missing",
    "Terraform is not >= 1.11",
    "the provider is not ~> 5.100",
  ]);
});

it("a variable that takes any value is found, and one whose refusal is not tested", () => {
  const variables = readModule("dns", "variables.tf") ?? "";
  const faults = moduleFaults("dns", (path) => {
    const text = readModule("dns", path);
    if (path === "variables.tf") return `${variables}\n${anything}\n${unseen}`;
    return text;
  });
  expect(faults).toEqual([
    "colour takes any value",
    "size is not described",
    "no test shows that ttl_hours refuses a value",
  ]);
});

const anything = `variable "colour" {
  description = "Any."
  type        = string
}

variable "size" {
  type = number
}

variable "is_there" {
  description = "Whether it is."
  type        = bool
}
`;

const unseen = `variable "ttl_hours" {
  description = "How long."
  type        = number

  validation {
    condition     = var.ttl_hours > 0
    error_message = "ttl_hours is above 0."
  }
}
`;
