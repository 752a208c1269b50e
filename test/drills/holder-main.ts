import { openSync, writeSync } from "node:fs";
import { SeededRandom } from "@holdfast/base/random";
import { Holdfast } from "@holdfast/client/holdfast";
import { drillClock } from "./drill-clock.ts";
import type { HolderSettings } from "./holder-settings.ts";
import { Worker } from "./worker.ts";

/** A process that holds locks and may be killed or frozen at any moment. */
const settings = JSON.parse(process.env.HOLDFAST_HOLDER ?? "") as HolderSettings;
const { name, endpoints, workers, seed, habits, originNs, historyPath } = settings;
const file = openSync(historyPath, "a");
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());

const client = await Holdfast.connect({ endpoints, owner: name });
console.log('{"ready"}');
const running = Array.from({ length: workers }, (_, index) =>
  new Worker(
    {
      client,
      name: `${name}.${index}`,
      random: new SeededRandom(seed + index),
      now: drillClock(BigInt(originNs)),
      // At once, so that a process that is killed leaves everything it has seen.
      record: (event) => writeSync(file, `${JSON.stringify(event)}\n`),
      signal: stopping.signal,
    },
    habits,
  ).run(),
);
await Promise.all(running);
await client.close();
