import { describe, expect, test } from "vitest";
import { etcdMissing } from "./etcd-found.ts";
import { runFaultDrill } from "./fault-drill.ts";
import { faultDrills } from "./fault-drills.ts";
import { resultLines } from "./result-lines.ts";

describe("the platform under faults", () => {
  test("no lock has two holders while leader, routers and holders are killed and frozen", async (context) => {
    if (etcdMissing !== undefined) context.skip(`no etcd: ${etcdMissing}`);
    const mixed = faultDrills.find(({ name }) => name === "mixed")!;
    const { seconds } = mixed;
    const result = await runFaultDrill({
      name: "mixed",
      faults: mixed.faults(seconds),
      seconds,
      seed: 1,
    });
    const lines = resultLines("mixed", result).join("\n");
    console.log(lines);
    const why = `${lines}\n${result.logs}`;
    expect(result.verdict.violations, why).toEqual([]);
    expect(result.verdict.unchecked, why).toEqual([]);
    expect(result.shortfalls, why).toEqual([]);
  });

  test("routers that release whatever holds the lock are found out", async (context) => {
    if (etcdMissing !== undefined) context.skip(`no etcd: ${etcdMissing}`);
    const result = await runFaultDrill({
      name: "sabotage",
      // A holder that comes back after its lease has ended releases what another holds by then.
      faults: [1_000, 7_000, 13_000, 19_000].map((atMs) => {
        return { atMs, target: "holder", how: "freeze", forMs: 4_500 };
      }),
      seconds: 25,
      seed: 1,
      // Always taken, always wanted, and held long enough for two to be seen.
      habits: {
        locks: ["a", "b", "c"],
        ...{ holdMsMax: 300, longHoldMsMax: 3_000, sharedShare: 0, tryShare: 0 },
      },
      mutant: "release-anybody",
    });
    const lines = resultLines("sabotage", result).join("\n");
    console.log(lines);
    const found = result.verdict.violations.map(({ checker }) => checker);
    expect(found, `${lines}\n${result.logs}`).toContain("overlap");
  });
});
