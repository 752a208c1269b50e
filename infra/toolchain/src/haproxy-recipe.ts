import { aptExtract } from "./apt-extract.ts";
import { dockerCopy } from "./docker-copy.ts";
import { PINNED } from "./pinned-versions.ts";
import type { Recipe } from "./recipe.ts";

/** The load balancer for those outside AWS. */
export function haproxyRecipe(): Recipe {
  return {
    tool: "haproxy",
    executable: "haproxy",
    versionArgs: ["-v"],
    versionMin: PINNED.haproxy.versionMin,
    olderIsBadBecause: "does not know all that infra/haproxy is written with",
    entry: `haproxy-2.6-${process.platform}-${process.arch}`,
    pathInEntry: "haproxy",
    makers: [
      dockerCopy(PINNED.haproxy.image, ["/usr/local/sbin/haproxy"]),
      aptExtract({ package: "haproxy", path: "usr/sbin/haproxy", name: "haproxy" }),
    ],
  };
}
