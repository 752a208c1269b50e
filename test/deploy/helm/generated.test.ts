import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repositoryRoot } from "../service-settings.ts";

it("what of the chart is generated is what would be generated now", () => {
  const generate = join(repositoryRoot, "infra/helm/src/generate.ts");
  const ran = () => execFileSync(process.execPath, [generate, "--check"], { encoding: "utf8" });
  expect(ran).not.toThrow();
});
