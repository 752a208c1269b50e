import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mavenFetch, mismatch } from "./maven-fetch.ts";
import type { MakeResult } from "./recipe.ts";

const A_SUM = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";

let root: string;
const reports: string[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-maven-"));
  for (const name of ["bin", "pom", "entry"]) mkdirSync(join(root, name));
  writeFileSync(join(root, "pom", "pom.xml"), "<project/>");
  writeFileSync(join(root, "pom", "libs.sha256"), `${A_SUM}  a.jar\n`);
  reports.length = 0;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A stand-in for Maven: `$out` is the folder it was told to copy to. */
function maven(...lines: string[]): void {
  const path = join(root, "bin", "mvn");
  const value = '$(echo "$each" | cut -d= -f2)';
  const out = `for each; do case $each in -DoutputDirectory=*) out="${value}";; esac; done`;
  writeFileSync(path, ["#!/bin/sh", out, ...lines, ""].join("\n"));
  chmodSync(path, 0o755);
}

function fetchIt(path: string): Promise<MakeResult> {
  const maker = mavenFetch({
    pomDir: join(root, "pom"),
    target: "thing/libs",
    finish: async (folder) => writeFileSync(join(folder, "finished"), ""),
  });
  return maker.make({
    folder: join(root, "entry"),
    env: { PATH: path },
    signal: undefined,
    report: (message) => reports.push(message),
  });
}

const withShell = (): string => [join(root, "bin"), "/usr/bin", "/bin"].join(delimiter);

test("the files land in the entry, and nothing of Maven's work stays", async () => {
  maven(
    "test -f pom.xml || exit 1",
    'echo "[INFO] Downloaded from central: a.jar"',
    'printf a > "$out/a.jar"',
  );
  expect(await fetchIt(withShell())).toEqual({ kind: "made", how: "fetched with Maven" });
  expect(readdirSync(join(root, "entry")).sort()).toEqual(["finished", "thing"]);
  expect(reports).toEqual(["asking Maven", "downloading with Maven: 1 files"]);
});

test("a file that is not the one pinned is refused", async () => {
  maven('printf b > "$out/a.jar"');
  expect(await fetchIt(withShell())).toEqual({
    kind: "not-possible",
    why: "what Maven fetched is not what was pinned (a.jar has another checksum)",
  });
});

test("a failure is told by Maven's first error, not by its advice", async () => {
  maven(
    'echo "[ERROR] Failed to execute goal: no route to host"',
    'echo "[ERROR] [Help 1] see the web"',
    "exit 1",
  );
  expect(await fetchIt(withShell())).toEqual({
    kind: "not-possible",
    why: "Maven could not fetch it (Failed to execute goal: no route to host)",
  });
});

test("a machine without Maven says so", async () => {
  expect(await fetchIt(join(root, "none"))).toEqual({
    kind: "not-possible",
    why: "Maven is not on PATH",
  });
});

test("files too many and files too few are both noticed", async () => {
  const folder = join(root, "entry");
  expect(await mismatch(folder, `${A_SUM}  a.jar\n`)).toBe("a.jar is absent");
  writeFileSync(join(folder, "a.jar"), "a");
  expect(await mismatch(folder, `${A_SUM}  a.jar\n`)).toBeUndefined();
  writeFileSync(join(folder, "b.jar"), "a");
  expect(await mismatch(folder, `${A_SUM}  a.jar\n`)).toBe("b.jar is not in the list");
});
