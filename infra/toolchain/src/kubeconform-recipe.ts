import { fileURLToPath } from "node:url";
import { dockerCopy } from "./docker-copy.ts";
import { goBuild } from "./go-build.ts";
import { PINNED } from "./pinned-versions.ts";
import type { Recipe } from "./recipe.ts";

const MODULE_DIR = fileURLToPath(new URL("../kubeconform", import.meta.url));

/** kubeconform: judges Kubernetes objects by JSON schemas. */
export function kubeconformRecipe(): Recipe {
  const { version, versionMin, image } = PINNED.kubeconform;
  return {
    tool: "kubeconform",
    executable: "kubeconform",
    versionArgs: ["-v"],
    versionMin,
    olderIsBadBecause: "passes over objects that are there twice",
    entry: `kubeconform-${version}-${process.platform}-${process.arch}`,
    pathInEntry: "kubeconform",
    makers: [
      dockerCopy(image, ["/kubeconform"]),
      goBuild(
        MODULE_DIR,
        [{ package: "github.com/yannh/kubeconform/cmd/kubeconform", name: "kubeconform" }],
        { variable: "version", value: `v${version}` },
      ),
    ],
  };
}
