import { expect, test } from "vitest";
import { progressLine, progressText } from "./progress-line.ts";

function recorder(isTTY: boolean) {
  const written: string[] = [];
  let atMs = 0;
  const stream = { isTTY, columns: 60, write: (text: string) => written.push(text) };
  const line = progressLine(stream, () => atMs);
  return { written, line, advance: (ms: number) => (atMs += ms) };
}

test("counts are shown with a bar and the time that has passed", () => {
  const event = { tool: "etcd", message: "compiling", done: 6, total: 12 } as const;
  expect(progressText(event, 45_400)).toBe(
    `etcd: compiling  ${"█".repeat(12)}${"░".repeat(12)}  6/12  45 s`,
  );
});

test("a terminal line is repainted in place, never wider than the terminal, and can be removed", () => {
  const { written, line, advance } = recorder(true);
  line.report({ tool: "etcd", message: "x".repeat(100) });
  expect(written).toEqual([`\r\x1b[2Ketcd: ${"x".repeat(53)}`]);
  advance(50);
  line.report({ tool: "etcd", message: "x".repeat(100) });
  expect(written).toHaveLength(1);
  line.clear();
  line.clear();
  expect(written.slice(1)).toEqual(["\r\x1b[2K"]);
});

test("a log gets a plain line every ten seconds and nothing to remove", () => {
  const { written, line, advance } = recorder(false);
  line.report({ tool: "etcd", message: "downloading" });
  advance(9_000);
  line.report({ tool: "etcd", message: "compiling" });
  advance(1_000);
  line.report({ tool: "etcd", message: "compiling" });
  line.clear();
  expect(written).toEqual(["etcd: downloading  0 s\n", "etcd: compiling  10 s\n"]);
});
