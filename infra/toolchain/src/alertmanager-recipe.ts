import { aptExtract } from "./apt-extract.ts";
import { dockerCopy } from "./docker-copy.ts";
import { PINNED } from "./pinned-versions.ts";
import type { Recipe } from "./recipe.ts";

const PACKAGE = "prometheus-alertmanager";

/** Alertmanager and the tool that checks its routing; the two share one cache entry. */
export function alertmanagerRecipe(tool: "alertmanager" | "amtool"): Recipe {
  return {
    tool,
    executable: tool,
    versionArgs: ["--version"],
    versionMin: PINNED.alertmanager.versionMin,
    olderIsBadBecause: "cannot read the keys of PagerDuty from a file",
    entry: `alertmanager-0.25-${process.platform}-${process.arch}`,
    pathInEntry: tool,
    makers: [
      dockerCopy(PINNED.alertmanager.image, ["/bin/alertmanager", "/bin/amtool"]),
      aptExtract(
        { package: PACKAGE, path: "usr/bin/prometheus-alertmanager", name: "alertmanager" },
        { package: PACKAGE, path: "usr/bin/amtool", name: "amtool" },
      ),
    ],
  };
}
