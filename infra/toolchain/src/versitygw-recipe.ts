import { fileURLToPath } from "node:url";
import { dockerCopy } from "./docker-copy.ts";
import { goBuild } from "./go-build.ts";
import { PINNED } from "./pinned-versions.ts";
import type { Recipe } from "./recipe.ts";

const MODULE_DIR = fileURLToPath(new URL("../versitygw", import.meta.url));

/** versitygw: an S3 server over a folder, with versions and Object Lock. */
export function versitygwRecipe(): Recipe {
  const { version, versionMin, image } = PINNED.versitygw;
  return {
    tool: "versitygw",
    executable: "versitygw",
    versionArgs: ["--version"],
    versionMin,
    olderIsBadBecause: "is not the version Object Lock was tried on",
    entry: `versitygw-${version}-${process.platform}-${process.arch}`,
    pathInEntry: "versitygw",
    makers: [
      dockerCopy(image, ["/usr/local/bin/versitygw"]),
      goBuild(
        MODULE_DIR,
        [{ package: "github.com/versity/versitygw/cmd/versitygw", name: "versitygw" }],
        { variable: "Version", value: `v${version}` },
      ),
    ],
  };
}
