import { describe, expect, test } from "vitest";
import { etcdMissing } from "../etcd-found.ts";
import { runSabotage } from "./global-catalogue.ts";
import { globalMutants } from "./global-mutants.ts";

describe("a sabotaged platform is found out by the drills", () => {
  test.for(globalMutants)("$name: $about", async ({ name }, context) => {
    if (etcdMissing !== undefined) context.skip(`no etcd: ${etcdMissing}`);
    const { lines, isWell } = await runSabotage(name, 1);
    console.log(lines.join("\n"));
    expect(isWell, lines.join("\n")).toBe(true);
  });
});
