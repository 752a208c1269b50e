import { fileURLToPath } from "node:url";
import { dockerCopy } from "./docker-copy.ts";
import { type GoProgram, goBuild } from "./go-build.ts";
import { PINNED } from "./pinned-versions.ts";
import type { Recipe } from "./recipe.ts";

const MODULE_DIR = fileURLToPath(new URL("../etcd", import.meta.url));

const PROGRAMS: readonly GoProgram[] = [
  { package: "go.etcd.io/etcd/server/v3", name: "etcd" },
  { package: "go.etcd.io/etcd/etcdctl/v3", name: "etcdctl" },
  { package: "go.etcd.io/etcd/etcdutl/v3", name: "etcdutl" },
];

/** etcd and its two command line tools; the three share one cache entry and one build. */
export function etcdRecipe(tool: "etcd" | "etcdctl" | "etcdutl"): Recipe {
  return {
    tool,
    executable: tool,
    versionArgs: tool === "etcd" ? ["--version"] : ["version"],
    versionMin: PINNED.etcd.versionMin,
    olderIsBadBecause: "has lease and stale-read bugs that break locks",
    allowOldVariable: "HOLDFAST_ALLOW_OLD_ETCD",
    entry: `etcd-${PINNED.etcd.version}-${process.platform}-${process.arch}`,
    pathInEntry: tool,
    makers: [
      dockerCopy(
        PINNED.etcd.image,
        PROGRAMS.map((program) => `/usr/local/bin/${program.name}`),
      ),
      goBuild(MODULE_DIR, PROGRAMS),
    ],
  };
}
