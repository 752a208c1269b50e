import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pipInstall } from "./pip-install.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-pip-"));
  mkdirSync(join(root, "bin"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A python3 that writes down what it was asked, and ends with `code` when told to install. */
function python(code: number): void {
  const path = join(root, "bin", "python3");
  const lines = [
    "#!/bin/sh",
    `echo "$*" >> ${join(root, "asked")}`,
    `case "$*" in *install*) echo "no such version" >&2; exit ${code};; esac`,
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  chmodSync(path, 0o755);
}

function make() {
  return pipInstall({
    package: "thing",
    version: "1.2.3",
    constraints: "pins.txt",
    module: "thing.main",
  }).make({
    folder: root,
    env: { PATH: join(root, "bin") },
    signal: undefined,
    report: () => undefined,
  });
}

test("the pinned version is installed beside a starter that uses nothing else", async () => {
  python(0);
  expect(await make()).toMatchObject({ kind: "made" });
  expect(readFileSync(join(root, "asked"), "utf8")).toContain(
    `--target ${join(root, "site")} --constraint pins.txt thing==1.2.3`,
  );
  expect(readFileSync(join(root, "thing"), "utf8")).toContain('exec python3 -m thing.main "$@"');
});

test("a version that PyPI does not have is told, not thrown", async () => {
  python(1);
  expect(await make()).toMatchObject({
    kind: "not-possible",
    why: "pip could not install thing==1.2.3 (no such version)",
  });
});

test("a machine without Python is told", async () => {
  expect(await make()).toMatchObject({
    kind: "not-possible",
    why: expect.stringContaining("no Python with pip"),
  });
});
