import type { FindResult, ToolName } from "@holdfast/toolchain/tool";
import { expect, test } from "vitest";
import { findRecordTools } from "./record-tools.ts";

function machineWithout(...missing: readonly ToolName[]) {
  return async (tool: ToolName): Promise<FindResult> =>
    missing.includes(tool)
      ? { kind: "missing", tool, reason: `no usable ${tool}` }
      : { kind: "found", tool, path: `/bin/${tool}`, version: "1", source: "path", why: "" };
}

test("all four are looked for", async () => {
  const found = await findRecordTools(machineWithout());
  expect(found.kind === "found" && Object.values(found.tools).map(({ path }) => path)).toEqual([
    "/bin/kafka",
    "/bin/postgres",
    "/bin/redis",
    "/bin/versitygw",
  ]);
});

test("a refusal names each that cannot be had, and the ways out of it", async () => {
  const refused = await findRecordTools(machineWithout("kafka", "versitygw"));
  if (refused.kind !== "refused") throw new Error(refused.kind);
  expect(refused.message).toBe(
    "--audit needs kafka: no usable kafka\n--audit needs versitygw: no usable versitygw",
  );
  expect(refused.waysOut.join("\n")).toMatch(/Kafka 3\.9.*\n.*Go to build it\n.*without --audit/s);
  expect(refused.exitCode).toBe(69);
});
