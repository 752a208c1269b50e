import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository, whyNoEtcd } from "./environment.ts";
import { Platform } from "./platform.ts";
import { type Ended, run } from "./program.ts";

const noEtcd = await whyNoEtcd();
const tsc = join(repository, "node_modules/.bin/tsc");

/** The version of the user's own Node; the repository's stands in where there is none. */
const usersNode = (await run("node", ["--version"], { cwd: repository })).stdout.trim();
const isOlder = /^v2[0-3]\./.test(usersNode);
if (!isOlder) console.warn(`skipped on an older Node: the one on PATH is ${usersNode}`);

/** Compiled for a Node that knows neither types nor `await using`, or run as it is. */
const nodes = [
  { title: `Node ${usersNode.slice(1)}`, node: "node", suffix: "js", skip: !isOlder },
  { title: `Node ${process.versions.node}`, node: process.execPath, suffix: "ts", skip: false },
];

/** The first TypeScript block of a document below a heading. */
function program(path: string, heading: string): string {
  const text = readFileSync(join(repository, path), "utf8");
  const from = text.indexOf(heading);
  const block = from < 0 ? null : /```ts\n(.*?)```/s.exec(text.slice(from));
  if (block?.[1] === undefined) throw new Error(`${path} has no program below ${heading}`);
  return block[1];
}

describe.skipIf(noEtcd !== undefined)("the packages, installed in an empty project", () => {
  const project = mkdtempSync(join(tmpdir(), "holdfast-project-"));
  let platform: Platform;
  let installed: Ended;
  let compiled: Ended;
  beforeAll(async () => {
    platform = await Platform.start("--shards 1");
    const tarballs = [await pack("@holdfast/client"), await pack("@holdfast/cli")];
    writeFileSync(join(project, "package.json"), '{ "name": "a-shop", "type": "module" }');
    const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
    const all = ["install", ...quiet, ...tarballs];
    installed = await run("npm", all, { cwd: project, withinMs: 120_000 });
    writePrograms();
    compiled = await run(tsc, ["-p", "."], { cwd: project });
  });
  afterAll(async () => {
    await platform[Symbol.asyncDispose]();
    rmSync(project, { recursive: true, force: true });
  });

  it("install without a complaint, and bring along two packages of others and the CLI's one", () => {
    expect(installed, installed.stderr).toMatchObject({ code: 0, stderr: "" });
    const { dependencies } = readJson("node_modules/@holdfast/client/package.json");
    expect(Object.keys(dependencies)).toEqual(["@bufbuild/protobuf", "@grpc/grpc-js"]);
    const cli = readJson("node_modules/@holdfast/cli/package.json");
    expect(Object.keys(cli.dependencies).toSorted()).toEqual([
      "@bufbuild/protobuf",
      "@grpc/grpc-js",
      "commander",
    ]);
  });

  it("type the README's programs, their own declarations checked too", () => {
    expect(compiled.code, compiled.stdout).toBe(0);
  });

  for (const { title, node, suffix, skip } of nodes) {
    it.skipIf(skip)(`${title}: the README's program runs, and ends by itself`, async () => {
      const shop = { cwd: project, withinMs: 30_000 };
      const { code, stdout, stderr } = await run(node, [`shop.${suffix}`], shop);
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        statement: expect.stringContaining("update orders set state = $2, fence = $3"),
        values: ["12345", "paid", expect.stringMatching(/^\d+$/)],
        state: "held",
      });
      const holders = await holdfast(node, "get order:12345 -o json");
      expect(JSON.parse(holders.stdout)).toMatchObject({ state: "free" });
    });

    it.skipIf(skip)(`${title}: a lock in the fake is lost when the test says so`, async () => {
      const { code, stdout, stderr } = await run(node, [`fake.${suffix}`], { cwd: project });
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "expired\n", stderr: "" });
    });

    it.skipIf(skip)(`${title}: the command line takes, shows and releases a lock`, async () => {
      const { code, stdout, stderr } = await holdfast(node, "acquire order:1 --quiet");
      expect(code, stderr).toBe(0);
      expect((await holdfast(node, "try order:1")).code).toBe(75);
      const ran = await holdfast(node, "exec order:2 -- sh -c 'echo $HOLDFAST_TOKEN'");
      expect(ran.stdout).toMatch(/^\d+\n$/);
      expect((await holdfast(node, `release ${stdout.trim()}`)).code).toBe(0);
    });
  }

  /** Makes a package's tarball in the project and answers with its path. */
  async function pack(name: string): Promise<string> {
    const words = ["run", "-s", "tarball", "-w", name, "--", project];
    const packed = await run("npm", words, { cwd: repository });
    if (packed.code !== 0) throw new Error(`${name} does not pack: ${packed.stderr}`);
    return packed.stdout.trim().split("\n").at(-1) ?? "";
  }

  /** The programs of the documents with what they leave out, as they are and compiled. */
  function writePrograms(): void {
    const shop = program("README.md", "## From a program").replace(
      /endpoints: \[.*?\]/s,
      `endpoints: ${JSON.stringify([platform.endpoint()])}`,
    );
    const db = `const db = {
  async query(statement: string, values: unknown[]) {
    console.log(JSON.stringify({ statement, values: values.map(String), state: lock.state }));
  },
};
`;
    writeFileSync(join(project, "shop.ts"), `${db}${shop}`);
    const fake = program("libs/client/README.md", "## Tests of your own code");
    writeFileSync(
      join(project, "fake.ts"),
      fake.replace(/^(lock\.lost\?\.why);/m, "console.log($1);"),
    );
    const compilerOptions = {
      target: "es2022",
      lib: ["es2022", "esnext.disposable"],
      module: "nodenext",
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      types: ["node"],
      typeRoots: [join(repository, "node_modules/@types")],
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  }

  async function holdfast(node: string, words: string): Promise<Ended> {
    const env = { HOLDFAST_ENDPOINTS: platform.endpoint(), NODE: node };
    const line = `"$NODE" node_modules/.bin/holdfast ${words}`;
    return run("sh", ["-c", line], { cwd: project, env });
  }

  function readJson(path: string) {
    return JSON.parse(readFileSync(join(project, path), "utf8"));
  }
});
