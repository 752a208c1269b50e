import { chmod, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dockerCopy } from "./docker-copy.ts";
import { goBuild } from "./go-build.ts";
import { PINNED } from "./pinned-versions.ts";
import type { Maker, Recipe } from "./recipe.ts";

/** Helm, which renders and installs the chart. */
export function helmRecipe(): Recipe {
  const { version, versionMin, image } = PINNED.helm;
  return {
    tool: "helm",
    executable: "helm",
    versionArgs: ["version", "--short"],
    versionMin,
    olderIsBadBecause: "knows neither the schema nor the functions the chart uses",
    entry: `helm-${version}-${process.platform}-${process.arch}`,
    pathInEntry: "helm",
    makers: [
      dockerCopy(image, ["/usr/bin/helm"]),
      goBuild(
        folderOf("helm"),
        [{ package: "helm.sh/helm/v3/cmd/helm", name: "helm" }],
        // By itself it says v3.22 only.
        {
          package: "helm.sh/helm/v3/internal/version",
          variable: "version",
          value: `v${version}`,
        },
      ),
    ],
  };
}

/** The plugin of Helm that tests charts, as a program of its own. */
export function helmUnittestRecipe(): Recipe {
  const { version } = PINNED.helmUnittest;
  return {
    tool: "helm-unittest",
    executable: "helm-unittest",
    versionArgs: ["--version"],
    versionMin: version,
    olderIsBadBecause: "lacks assertions that the suites use",
    entry: `helm-unittest-${version}-${process.platform}-${process.arch}`,
    pathInEntry: "helm-unittest",
    makers: [
      sayingVersion(
        goBuild(folderOf("helm-unittest"), [
          {
            package: "github.com/helm-unittest/helm-unittest/cmd/helm-unittest",
            name: "helm-unittest",
          },
        ]),
        "helm-unittest",
        version,
      ),
    ],
  };
}

function folderOf(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}

/** Puts a script before a program that cannot say which version it is. */
function sayingVersion(maker: Maker, name: string, version: string): Maker {
  return {
    source: maker.source,
    async make(context) {
      const made = await maker.make(context);
      if (made.kind !== "made") return made;
      const program = join(context.folder, name);
      await rename(program, `${program}.program`);
      const script = [
        "#!/bin/sh",
        `if [ "$1" = --version ]; then echo ${version}; exit; fi`,
        `exec "$(dirname "$(readlink -f "$0")")/${name}.program" "$@"`,
        "",
      ];
      await writeFile(program, script.join("\n"));
      await chmod(program, 0o755);
      return made;
    },
  };
}
