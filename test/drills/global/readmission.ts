import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const command = join(root, "libs/cli/bin/holdfast.js");

/** Re-copying the registers of a drill takes a second or two. */
const readmitMsMax = 20_000;

/**
 * `holdfast region readmit`, as an operator would after a disk was lost; undefined where it went
 * well, else what the command said.
 */
export async function readmit(
  region: string,
  endpoint: string,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const args = [command, "region", "readmit", region, "--yes"];
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH, HOME, HOLDFAST_ENDPOINTS: endpoint, ...env },
    timeout: readmitMsMax,
  });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  return code === 0 ? undefined : `region readmit ended with ${code}: ${said.slice(-500)}`;
}
