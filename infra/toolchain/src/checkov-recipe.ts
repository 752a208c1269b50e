import { fileURLToPath } from "node:url";
import { PINNED } from "./pinned-versions.ts";
import { pipInstall } from "./pip-install.ts";
import type { Recipe } from "./recipe.ts";

const CONSTRAINTS = fileURLToPath(new URL("../checkov/constraints.txt", import.meta.url));

/** checkov: looks through Terraform, charts and Dockerfiles for what is known to be unsafe. */
export function checkovRecipe(): Recipe {
  const { version, versionMin } = PINNED.checkov;
  return {
    tool: "checkov",
    executable: "checkov",
    versionArgs: ["--version"],
    versionMin,
    olderIsBadBecause: "does not know all checks that our files explain",
    entry: `checkov-${version}-${process.platform}-${process.arch}`,
    pathInEntry: "checkov",
    makers: [
      pipInstall({
        package: "checkov",
        version,
        constraints: CONSTRAINTS,
        module: "checkov.main",
      }),
    ],
  };
}
