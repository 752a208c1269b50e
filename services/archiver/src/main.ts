import { makeLog } from "@holdfast/runtime/log";
import { runService } from "@holdfast/runtime/service";
import { runTask } from "@holdfast/runtime/task";
import { compose, runTasks } from "./compose.ts";
import { type ArchiverConfig, readConfig } from "./config.ts";

const log = ({ region, logLevel }: ArchiverConfig) =>
  makeLog({ service: "archiver", region, level: logLevel });

if (process.argv.length === 2) await runService({ readConfig, log, start: compose });
else process.exit(await runTask({ readConfig, log, run: runTasks }));
