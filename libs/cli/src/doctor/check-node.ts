import { type Finding, fail, ok, warn } from "./finding.ts";

const oldestMajor = 20;
/** Even majors are maintained for long; odd ones for half a year. */
const testedMajors: ReadonlySet<number> = new Set([20, 22, 24]);

/** Is this Node one the CLI runs on? */
export function checkNode(version: string): Finding {
  const major = Number(/^v?(\d+)/.exec(version)?.[1]);
  const upgrade = "Install Node 24; in the repository, npm install brings it along.";
  if (!(major >= oldestMajor)) {
    return fail("node", `${version} is older than ${oldestMajor}`, upgrade);
  }
  if (!testedMajors.has(major)) return warn("node", `${version} is not tested`, upgrade);
  return ok("node", version);
}
