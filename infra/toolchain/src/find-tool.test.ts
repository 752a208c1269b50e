import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findByRecipe } from "./find-tool.ts";
import type { MakeContext, MakeResult, Maker, Recipe } from "./recipe.ts";

let root: string;
let env: Record<string, string>;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-find-"));
  mkdirSync(join(root, "bin"));
  // The stand-ins are scripts that need a shell, and nothing else of the machine is to be found.
  env = { PATH: join(root, "bin"), HOLDFAST_CACHE: join(root, "cache") };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function program(path: string, version: string): void {
  writeFileSync(path, `#!/bin/sh\necho "thing Version: ${version}"\n`);
  chmodSync(path, 0o755);
}

function maker(make: (context: MakeContext) => MakeResult | Promise<MakeResult>): Maker {
  return { source: "built", make: async (context) => make(context) };
}

const working = (version = "3.6.16"): Maker =>
  maker(({ folder }) => {
    program(join(folder, "thing"), version);
    return { kind: "made", how: "built for the test" };
  });

const lacking = (why: string): Maker => maker(() => ({ kind: "not-possible", why }));

function recipe(...makers: Maker[]): Recipe {
  return {
    tool: "etcd",
    executable: "thing",
    versionArgs: ["--version"],
    versionMin: "3.6.14",
    olderIsBadBecause: "loses locks",
    allowOldVariable: "ALLOW_OLD",
    entry: "thing-3.6.16",
    pathInEntry: "thing",
    makers,
  };
}

describe("the order of the search", () => {
  test("what is on PATH and new enough is taken", async () => {
    program(join(root, "bin", "thing"), "3.6.14");
    const found = await findByRecipe(recipe(working()), { env });
    expect(found).toMatchObject({ kind: "found", source: "path", version: "3.6.14" });
    expect(existsSync(join(root, "cache"))).toBe(false);
  });

  test("what is on PATH and too old is passed over, and the reason told", async () => {
    program(join(root, "bin", "thing"), "3.4.23");
    const found = await findByRecipe(recipe(working()), { env });
    expect(found).toMatchObject({ kind: "found", source: "built", version: "3.6.16" });
    expect(found.kind === "found" && found.why).toContain(
      "3.4.23, older than 3.6.14, and loses locks",
    );
  });

  test("an old one can be forced, with a warning", async () => {
    program(join(root, "bin", "thing"), "3.4.23");
    const found = await findByRecipe(recipe(working()), { env: { ...env, ALLOW_OLD: "1" } });
    expect(found).toMatchObject({ kind: "found", source: "path", version: "3.4.23" });
    expect(found.kind === "found" && found.why).toMatch(/^WARNING: .*ALLOW_OLD=1$/);
  });

  test("what was built once is found in the cache by the next search, offline too", async () => {
    await findByRecipe(recipe(working()), { env });
    const found = await findByRecipe(recipe(lacking("none")), { env, offline: true });
    expect(found).toMatchObject({ kind: "found", source: "cache", version: "3.6.16" });
  });

  test("a way that is not possible leads to the next, and the result says so", async () => {
    const found = await findByRecipe(recipe(lacking("no engine answers"), working()), { env });
    expect(found.kind === "found" && found.why).toBe(
      "built for the test, since thing is not on PATH; it is not in the tool cache; no engine answers",
    );
  });
});

describe("what cannot be had", () => {
  test("is a value with one sentence that names every way tried", async () => {
    const ways = recipe(lacking("no Docker engine answers"), lacking("Go is not on PATH"));
    expect(await findByRecipe(ways, { env })).toEqual({
      kind: "missing",
      tool: "etcd",
      reason:
        "no usable thing: thing is not on PATH; it is not in the tool cache; no Docker engine answers; Go is not on PATH",
    });
  });

  test("includes what no way of making it can do without, and then nothing is fetched", async () => {
    let tried = false;
    const trying = maker(() => {
      tried = true;
      return { kind: "not-possible", why: "none" };
    });
    const needy = { ...recipe(trying), lacks: async () => "it needs Java, and there is none" };
    const result = await findByRecipe(needy, { env });
    expect(result.kind === "missing" && result.reason).toBe(
      "no usable thing: thing is not on PATH; it is not in the tool cache; it needs Java, and there is none",
    );
    expect(tried).toBe(false);
  });

  test("includes what was built but is too old or does not run", async () => {
    const broken = maker(({ folder }) => {
      writeFileSync(join(folder, "thing"), "");
      return { kind: "made", how: "built badly" };
    });
    const result = await findByRecipe(recipe(broken, working("3.6.13")), { env });
    expect(result.kind === "missing" && result.reason).toContain(
      "what was built badly does not run here; what was built for the test is 3.6.13, older than 3.6.14",
    );
  });

  test("includes a cache that cannot be written", async () => {
    writeFileSync(join(root, "file"), "");
    const result = await findByRecipe(recipe(working()), {
      env: { ...env, HOLDFAST_CACHE: join(root, "file", "cache") },
    });
    expect(result.kind === "missing" && result.reason).toContain("cannot be written");
  });
});

describe("the cache", () => {
  test("holds nothing of a build that failed, or that died half-way before", async () => {
    mkdirSync(join(root, "cache", "drafts", "thing-3.6.16.999"), { recursive: true });
    const half = maker(({ folder }) => {
      program(join(folder, "thing"), "3.6.16");
      return { kind: "not-possible", why: "the disk is full" };
    });
    expect((await findByRecipe(recipe(half), { env })).kind).toBe("missing");
    expect(existsSync(join(root, "cache", "thing-3.6.16"))).toBe(false);
    expect(readdirSync(join(root, "cache", "drafts"))).toEqual([]);
  });

  test("is mended when the entry in it no longer runs", async () => {
    mkdirSync(join(root, "cache", "thing-3.6.16"), { recursive: true });
    program(join(root, "cache", "thing-3.6.16", "thing"), "");
    const found = await findByRecipe(recipe(working()), { env });
    expect(found).toMatchObject({ kind: "found", source: "built" });
    expect(await findByRecipe(recipe(), { env })).toMatchObject({ source: "cache" });
  });

  test("is built once by several that search at the same time", async () => {
    let builds = 0;
    const slow = maker(async ({ folder }) => {
      builds++;
      await sleep(300);
      program(join(folder, "thing"), "3.6.16");
      return { kind: "made", how: "built slowly" };
    });
    const waited: string[] = [];
    const searches = [1, 2, 3].map(() =>
      findByRecipe(recipe(slow), { env, progress: (event) => waited.push(event.message) }),
    );
    const sources = (await Promise.all(searches)).map(
      (each) => each.kind === "found" && each.source,
    );
    expect(builds).toBe(1);
    expect(sources.sort()).toEqual(["built", "cache", "cache"]);
    expect(waited.some((message) => message.startsWith("waiting for process"))).toBe(true);
  });
});

test("an interrupted search ends at once and leaves no lock behind", async () => {
  const abort = new AbortController();
  const hanging = maker(async ({ signal }) => {
    await sleep(60_000, undefined, { signal: signal as AbortSignal }).catch(() => {});
    return { kind: "not-possible", why: "interrupted" };
  });
  const search = findByRecipe(recipe(hanging), { env, signal: abort.signal });
  setTimeout(() => abort.abort(), 50);
  expect(await search).toMatchObject({ kind: "missing", reason: "interrupted" });
  expect(readdirSync(join(root, "cache", "locks"))).toEqual([]);
});
