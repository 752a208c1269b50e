import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const bootstrap = join(import.meta.dirname, "..", "..", "bootstrap.mjs");

let root: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-bootstrap-"));
  path = `${join(root, "bin")}:/usr/bin:/bin`;
  mkdirSync(join(root, "infra"));
  mkdirSync(join(root, "bin"));
  copyFileSync(bootstrap, join(root, "infra", "bootstrap.mjs"));
  writeFileSync(join(root, "package-lock.json"), "{}");
  writeFileSync(
    join(root, "program.ts"),
    `const args: string[] = process.argv.slice(2);
     if (args[0] === "fail") process.exitCode = 7;
     if (args[0] === "wait") setInterval(() => {}, 1000);
     if (args[0] === "wait") process.on("SIGTERM", () => process.exit(9));
     console.log(JSON.stringify(args));`,
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** An npm that writes down what it was asked and "installs" this very Node. */
function fakeNpm(script = ""): void {
  const node = join(root, "node_modules", "node", "bin");
  const text = `#!/bin/sh
echo "$@" >> "${root}/npm-calls"
${script}
mkdir -p "${node}" && ln -sf "${process.execPath}" "${node}/node"
`;
  writeFileSync(join(root, "bin", "npm"), text);
  chmodSync(join(root, "bin", "npm"), 0o755);
}

function npmCalls(): string[] {
  const calls = join(root, "npm-calls");
  return existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : [];
}

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function launch(...args: string[]): { child: ChildProcess; ended: Promise<Outcome> } {
  const child = spawn(process.execPath, [join("infra", "bootstrap.mjs"), ...args], {
    cwd: root,
    env: { PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Outcome>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

function run(...args: string[]): Promise<Outcome> {
  return launch(...args).ended;
}

describe("packages", () => {
  test("are installed by the first start only, with what npm prints kept off stdout", async () => {
    fakeNpm("echo added 3 packages");
    const first = await run("program.ts", "a", "b c");
    expect(first).toMatchObject({ code: 0, stdout: '["a","b c"]\n' });
    expect(first.stderr).toContain("installing npm packages (first start)");
    expect(first.stderr).toContain("added 3 packages");
    expect(await run("program.ts")).toMatchObject({ code: 0, stderr: "" });
    expect(npmCalls()).toHaveLength(1);
    expect(npmCalls()[0]).toMatch(/^install --no-save --include=dev /);
  });

  test("are installed again when package-lock.json has changed", async () => {
    fakeNpm();
    await run("program.ts");
    writeFileSync(join(root, "package-lock.json"), '{"lockfileVersion":3}');
    expect((await run("program.ts")).stderr).toContain("package-lock.json has changed");
    expect(npmCalls()).toHaveLength(2);
  });

  test("are installed once by several starts at once, a dead start's lock in the way", async () => {
    fakeNpm("sleep 0.3");
    mkdirSync(join(root, "node_modules"));
    writeFileSync(join(root, "node_modules", ".holdfast-install.lock"), "4194303");
    const outcomes = await Promise.all([1, 2, 3].map((i) => run("program.ts", String(i))));
    expect(outcomes.map((each) => each.code)).toEqual([0, 0, 0]);
    expect(npmCalls()).toHaveLength(1);
    expect(outcomes.some((each) => each.stderr.includes("waiting for it"))).toBe(true);
    expect(existsSync(join(root, "node_modules", ".holdfast-install.lock"))).toBe(false);
  });

  test("that cannot be installed are a clear message, and the next start tries again", async () => {
    fakeNpm("echo no network; exit 1");
    const failed = await run("program.ts");
    expect(failed).toMatchObject({ code: 1, stdout: "" });
    expect(failed.stderr).toContain("npm install failed (1)");
    fakeNpm();
    expect(await run("program.ts")).toMatchObject({ code: 0 });
  });

  test("without npm are a clear message", async () => {
    path = join(root, "bin");
    const outcome = await run("program.ts");
    expect(outcome).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("npm is not on PATH"),
    });
  });
});

describe("the program", () => {
  beforeEach(() => fakeNpm());

  test("decides the exit code", async () => {
    expect(await run("program.ts", "fail")).toMatchObject({ code: 7 });
  });

  test("gets the signals, and a death by signal is passed on as one", async () => {
    await run("program.ts");
    for (const [signal, outcome] of [
      ["SIGTERM", { code: 9, signal: null }],
      ["SIGHUP", { code: null, signal: "SIGHUP" }],
    ] as const) {
      const { child, ended } = launch("program.ts", "wait");
      await new Promise((resolve) => child.stdout?.once("data", resolve));
      child.kill(signal);
      expect(await ended).toMatchObject(outcome);
    }
  });

  test("has to be named", async () => {
    const outcome = await run();
    expect(outcome).toMatchObject({ code: 64, stderr: expect.stringContaining("usage:") });
  });
});
