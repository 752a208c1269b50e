import { dockerCopy } from "./docker-copy.ts";
import { PINNED } from "./pinned-versions.ts";
import type { Recipe } from "./recipe.ts";

/** terraform: judges our modules; its provider is looked for by infra/terraform. */
export function terraformRecipe(): Recipe {
  const { versionMin, image } = PINNED.terraform;
  return {
    tool: "terraform",
    executable: "terraform",
    versionArgs: ["version"],
    versionMin,
    olderIsBadBecause: "has no lock file in S3 and no plans of mocked resources",
    entry: `terraform-1.11-${process.platform}-${process.arch}`,
    pathInEntry: "terraform",
    makers: [dockerCopy(image, ["/bin/terraform"])],
  };
}
