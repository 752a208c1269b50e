import { fileURLToPath } from "node:url";
import { findTool } from "@holdfast/toolchain/find-tool";
import { parseOptions } from "../options.ts";
import { jsonReporter, peopleReporter } from "../reporter.ts";
import { startHoldfast } from "../start.ts";

/** `npm start -- …` with fake services and whatever servers are at hand without building. */
const service = fileURLToPath(new URL("./fake-service.ts", import.meta.url));
const release = "0.0.0-test";
/** Tools that a machine lacks, comma separated. */
const missing = (process.env.FAKE_MISSING ?? "").split(",");
const parsed = parseOptions(process.argv.slice(2), process.cwd(), ".holdfast");
if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
process.exitCode = await startHoldfast(parsed.options, {
  reporter: parsed.options.json
    ? jsonReporter(process.stdout, process.stderr)
    : peopleReporter({
        stdout: process.stdout,
        stderr: process.stderr,
        env: process.env,
        release,
        dataDir: parsed.options.dataDir,
        foundByCli: false,
      }),
  release,
  services: {
    ...{ router: service, placement: service, coordinator: service },
    ...{ journal: service, auditor: service, archiver: service, recorder: service },
  },
  findTool: async (tool, options) => {
    if (!missing.includes(tool)) return findTool(tool, { ...options, offline: true });
    return { kind: "missing", tool, reason: `${tool} is not to be had` };
  },
});
process.exit();
