import { aptExtract } from "./apt-extract.ts";
import { dockerCopy } from "./docker-copy.ts";
import { PINNED } from "./pinned-versions.ts";
import type { Recipe } from "./recipe.ts";

/** Prometheus and the tool that checks its rules; the two share one cache entry. */
export function prometheusRecipe(tool: "prometheus" | "promtool"): Recipe {
  return {
    tool,
    executable: tool,
    versionArgs: ["--version"],
    versionMin: PINNED.prometheus.versionMin,
    olderIsBadBecause: "is not the version the rules are checked with",
    entry: `prometheus-2-${process.platform}-${process.arch}`,
    pathInEntry: tool,
    makers: [
      dockerCopy(PINNED.prometheus.image, ["/bin/prometheus", "/bin/promtool"]),
      aptExtract(
        { package: "prometheus", path: "usr/bin/prometheus", name: "prometheus" },
        { package: "prometheus", path: "usr/bin/promtool", name: "promtool" },
      ),
    ],
  };
}
