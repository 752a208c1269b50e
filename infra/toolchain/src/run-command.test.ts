import { expect, test } from "vitest";
import { processIdentity } from "./process-identity.ts";
import { runCommand } from "./run-command.ts";

test("what a command printed is given back, and its lines as they come", async () => {
  const lines: string[] = [];
  const result = await runCommand("sh", ["-c", "echo one; echo two >&2; printf three"], {
    timeoutMs: 5_000,
    onLine: (line) => lines.push(line),
  });
  expect(result).toEqual({ kind: "done", stdout: "one\nthree" });
  expect(lines.sort()).toEqual(["one", "three", "two"]);
});

test("a command that fails says why with its last line", async () => {
  const result = await runCommand("sh", ["-c", "echo first; echo no space left; exit 3"], {
    timeoutMs: 5_000,
  });
  expect(result).toMatchObject({ kind: "failed", why: "no space left" });
});

test("a command that does not exist is a value, not an exception", async () => {
  const result = await runCommand("no-such-command", [], { timeoutMs: 5_000 });
  expect(result).toMatchObject({ kind: "failed", why: "no-such-command is not on PATH" });
});

test("a timeout ends what the command has started as well", async () => {
  let grandchild = 0;
  const result = await runCommand("sh", ["-c", "sleep 60 & echo $!; wait"], {
    timeoutMs: 300,
    onLine: (line) => {
      grandchild = Number(line);
    },
  });
  expect(result).toMatchObject({ kind: "failed", why: "did not end within 0.3 s" });
  expect(grandchild).toBeGreaterThan(0);
  expect(processIdentity(grandchild)).toBeUndefined();
});
