import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { planStacks, regionNames } from "./planned-stack.ts";
import { openTerraform, terraformFolder } from "./terraform-workspace.ts";
import { costReadme, isUpToDate, readmes, type WrittenFile } from "./written-files.ts";

const usage = `node infra/terraform/src/main.ts [readme] [cost] [--check]

readme   the tables of inputs and outputs in the READMEs of modules and stacks
cost     terraform/cost/README.md, from a plan of prod; needs terraform and its AWS provider
--check  writes nothing, and ends with 1 if something would be written`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const known = ["readme", "cost", "--check"];
  if (args.length === 0 || args.some((arg) => !known.includes(arg))) {
    console.error(usage);
    return 64;
  }
  const files: WrittenFile[] = args.includes("readme") ? readmes() : [];
  if (args.includes("cost")) {
    const opened = await openTerraform();
    if ("missing" in opened) {
      console.error(`What prod costs cannot be computed: ${opened.missing}`);
      return 1;
    }
    using terraform = opened;
    const global = await planStacks(terraform, "prod", ["global"]);
    files.push(costReadme([...global, ...(await planStacks(terraform, "prod", regionNames))]));
  }
  const stale = files.filter((file) => !isUpToDate(file));
  for (const { path, text } of stale) {
    if (args.includes("--check")) console.error(`terraform/${path} is not what would be written`);
    else writeFileSync(join(terraformFolder, path), text);
  }
  return args.includes("--check") && stale.length > 0 ? 1 : 0;
}
