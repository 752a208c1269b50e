import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const bin = fileURLToPath(new URL("../bin/holdfast.js", import.meta.url));
const manifest = fileURLToPath(new URL("../package.json", import.meta.url));

/** Runs `script` with bash, in which `$HOLDFAST` is the command line. */
function shell(script: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const HOLDFAST = `${process.execPath} ${bin}`;
  const env = { ...process.env, HOLDFAST, HOLDFAST_ENDPOINTS: "" };
  return new Promise((resolve) => {
    execFile("bash", ["-c", script], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

test("the process prints the version of its package", async () => {
  const { version } = JSON.parse(readFileSync(manifest, "utf8"));
  expect(await shell("$HOLDFAST --version")).toEqual({
    code: 0,
    stdout: `${version}\n`,
    stderr: "",
  });
});

test("the process ends with the exit code, without a trace", async () => {
  const { code, stderr } = await shell("$HOLDFAST acquire 'a b'");
  expect(code).toBe(64);
  expect(stderr).toMatch(/^holdfast: A lock name is/);
  expect(stderr).not.toContain("    at ");
});

test("a reader that leaves early is no failure", async () => {
  const script = "{ $HOLDFAST --help; echo $? >&2; } | head -1";
  const { stdout, stderr } = await shell(script);
  expect(stdout).toBe("Usage: holdfast <command> [options]\n");
  expect(stderr).toBe("0\n");
});

test("where nothing listens it says so at once, and what to do", async () => {
  const port = await freePort();
  const { code, stderr } = await shell(`$HOLDFAST get a --endpoints 127.0.0.1:${port}`);
  expect(code).toBe(69);
  expect(stderr).toContain(`Nothing listens at 127.0.0.1:${port}.\n`);
  expect(stderr).toContain("npm start");
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
