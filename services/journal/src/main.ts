import { makeLog } from "@holdfast/runtime/log";
import { runService } from "@holdfast/runtime/service";
import { compose } from "./compose.ts";
import { readConfig } from "./config.ts";

await runService({
  readConfig,
  log: ({ region, logLevel }) => makeLog({ service: "journal", region, level: logLevel }),
  start: compose,
});
