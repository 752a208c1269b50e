import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dockerCopy } from "./docker-copy.ts";
import type { MakeResult } from "./recipe.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-docker-"));
  mkdirSync(join(root, "folder"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A `docker` that answers as `cases` (shell) say, and writes down what it was asked. */
function fakeDocker(cases: string): void {
  const script = `#!/bin/sh\necho "$@" >> ${root}/asked\ncase "$1" in\n${cases}\nesac\n`;
  writeFileSync(join(root, "docker"), script);
  chmodSync(join(root, "docker"), 0o755);
}

function copy(): Promise<MakeResult> {
  const maker = dockerCopy("example/etcd:v1", ["/usr/local/bin/etcd"]);
  const env = { PATH: `${root}:/usr/bin:/bin` };
  return maker.make({ folder: join(root, "folder"), env, signal: undefined, report: () => {} });
}

function asked(): string[] {
  return readFileSync(join(root, "asked"), "utf8").trim().split("\n");
}

describe.runIf(process.platform === "linux")("taking a tool out of an image", () => {
  test("copies the executable and removes the container it needed for that", async () => {
    fakeDocker(`
      version) echo 27.0 ;;
      image) exit 1 ;;
      create) echo abc123 ;;
      cp) echo copied > "$4" ;;`);
    expect(await copy()).toMatchObject({ kind: "made" });
    expect(readFileSync(join(root, "folder", "etcd"), "utf8")).toBe("copied\n");
    expect(asked()).toContain("pull --quiet example/etcd:v1");
    expect(asked().at(-1)).toBe("rm abc123");
  });

  test("an image that is there already is not fetched again", async () => {
    fakeDocker(`create) echo abc123 ;;\ncp) echo copied > "$4" ;;`);
    expect(await copy()).toMatchObject({ kind: "made" });
    expect(asked().filter((line) => line.startsWith("pull"))).toEqual([]);
  });

  test("without an engine nothing else is tried", async () => {
    fakeDocker("version) echo cannot connect >&2; exit 1 ;;");
    expect(await copy()).toEqual({ kind: "not-possible", why: "no Docker engine answers" });
    expect(asked()).toHaveLength(1);
  });

  test("an image that cannot be fetched, or lacks the file, is a reason to go on", async () => {
    fakeDocker(`image) exit 1 ;;\npull) echo no route >&2; exit 1 ;;`);
    expect(await copy()).toMatchObject({
      why: "Docker could not fetch example/etcd:v1 (no route)",
    });
    fakeDocker(`create) echo abc123 ;;\ncp) echo no such file >&2; exit 1 ;;`);
    expect(await copy()).toMatchObject({
      why: "/usr/local/bin/etcd is not in example/etcd:v1 (no such file)",
    });
    expect(asked().at(-1)).toBe("rm abc123");
  });
});
