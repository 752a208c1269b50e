import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Repository, repositoryOf } from "./repository.ts";

/** The root of the repository this file lies in. */
export const root = resolve(import.meta.dirname, "../..");

/** Endings whose content is not text. */
const binary = /\.(png|ico|gif|jpg|woff2?|gz|tgz|zip|wasm|binpb)$/;

/** Reads all files that are committed or are about to be (everything git does not ignore). */
export function readRepository(): Repository {
  const listed = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
    { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  );
  const texts: Record<string, string> = {};
  for (const path of listed.split("\0")) {
    if (path === "" || binary.test(path)) continue;
    const file = resolve(root, path);
    // A file deleted but not yet committed is still listed.
    if (statSync(file, { throwIfNoEntry: false })?.isFile())
      texts[path] = readFileSync(file, "utf8");
  }
  return repositoryOf(texts);
}
