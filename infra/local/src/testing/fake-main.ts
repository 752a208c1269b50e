import { fileURLToPath } from "node:url";
import { findTool } from "@holdfast/toolchain/find-tool";
import { parseOptions } from "../options.ts";
import { jsonReporter } from "../reporter.ts";
import { startHoldfast } from "../start.ts";

/** `npm start -- --json …` with fake services and whatever etcd is at hand without building. */
const service = fileURLToPath(new URL("./fake-service.ts", import.meta.url));
const parsed = parseOptions(process.argv.slice(2), process.cwd(), ".holdfast");
if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
process.exitCode = await startHoldfast(parsed.options, {
  reporter: jsonReporter(process.stdout, process.stderr),
  release: "0.0.0-test",
  services: { router: service, placement: service },
  findEtcd: (options) => findTool("etcd", { ...options, offline: true }),
});
process.exit();
