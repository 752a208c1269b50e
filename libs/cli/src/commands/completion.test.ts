import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { runIn } from "../testing/fake-edge.ts";

const execute = promisify(execFile);
const hasShell = (shell: string) => spawnSync(shell, ["--version"]).status === 0;

describe("bash", () => {
  let script = "";
  beforeAll(async () => {
    script = (await runIn({}, ["completion", "bash"])).stdout;
  });

  /** What bash would offer after `words`, the last of which is being typed. */
  async function offered(...words: string[]): Promise<string[]> {
    const quoted = words.map((word) => `'${word}'`).join(" ");
    const run = `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _holdfast
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await execute("bash", ["--norc", "-c", run]);
    return stdout.split("\n").filter((word) => word !== "");
  }

  test("offers commands, and their own commands", async () => {
    expect(await offered("holdfast", "re")).toEqual(["release", "renew", "region"]);
    expect(await offered("holdfast", "-o", "json", "shard", "")).toEqual(["ls", "locate"]);
    expect(await offered("holdfast", "completion", "")).toEqual(["bash", "zsh", "fish"]);
  });

  test("offers the options of the command, shared ones too", async () => {
    expect(await offered("holdfast", "renew", "x", "--")).toEqual(
      expect.arrayContaining(["--ttl", "--token", "--endpoints", "--help"]),
    );
    expect(await offered("holdfast", "renew", "x", "--wai")).toEqual([]);
  });

  test("offers the values of an option, and none where any will do", async () => {
    expect(await offered("holdfast", "get", "a", "-o", "")).toEqual(["table", "json"]);
    expect(await offered("holdfast", "get", "a", "--output", "j")).toEqual(["json"]);
    expect(await offered("holdfast", "ls", "--consistency", "c")).toEqual(["cached"]);
    expect(await offered("holdfast", "acquire", "--ttl", "")).toEqual([]);
  });

  test("after -- it offers commands of the system", async () => {
    expect(await offered("holdfast", "exec", "job", "--", "bas")).toContain("bash");
  });
});

test.each(["zsh", "fish"])("%s gets every command, with what it does", async (shell) => {
  const { exitCode, stdout } = await runIn({}, ["completion", shell]);
  expect(exitCode).toBe(0);
  for (const word of ["acquire", "take a lock and print its handle", "locate", "endpoints"]) {
    expect(stdout).toContain(word);
  }
});

test.for([
  ["zsh", ["--no-rcs", "-n"]],
  ["fish", ["--no-config", "--no-execute"]],
] as const)("%s can parse it", async ([shell, options], context) => {
  if (!hasShell(shell)) context.skip(`there is no ${shell} on this machine`);
  const { stdout } = await runIn({}, ["completion", shell]);
  const directory = await mkdtemp(join(tmpdir(), "holdfast-completion-"));
  try {
    const path = join(directory, "script");
    await writeFile(path, stdout);
    await execute(shell, [...options, path]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
