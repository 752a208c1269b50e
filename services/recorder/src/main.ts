import { makeLog } from "@holdfast/runtime/log";
import { runService } from "@holdfast/runtime/service";
import { compose } from "./compose.ts";
import { readConfig } from "./config.ts";

await runService({
  readConfig,
  log: ({ shards, logLevel }) => {
    const regions = [...new Set(shards.map(({ region }) => region))];
    return makeLog({ service: "recorder", region: regions.join(","), level: logLevel });
  },
  start: compose,
});
