import { openSync, writeSync } from "node:fs";
import { SeededRandom } from "@holdfast/base/random";
import { Holdfast } from "@holdfast/client/holdfast";
import type { HistoryEvent } from "../history/history-event.ts";
import { drillClock } from "./drill-clock.ts";
import type { HolderSettings } from "./holder-settings.ts";
import { connectResource } from "./resource-client.ts";
import { Worker } from "./worker.ts";

/** A process that holds locks and may be killed or frozen at any moment. */
const settings = JSON.parse(process.env.HOLDFAST_HOLDER ?? "") as HolderSettings;
const { name, endpoints, clients: clientsCount = 1, workers, seed, habits } = settings;
const { originNs, historyPath, resourcePort, requestTimeoutMs = 10_000 } = settings;
const file = openSync(historyPath, "a");
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());

const resource = resourcePort === undefined ? undefined : await connectResource(resourcePort);
const clients = await Promise.all(
  Array.from({ length: clientsCount }, () =>
    Holdfast.connect({ endpoints, owner: name, requestTimeout: requestTimeoutMs }),
  ),
);
console.log('{"ready"}');
const running = clients.flatMap((client, clientIndex) =>
  Array.from({ length: workers }, (_, workerIndex) => {
    const index = clientIndex * workers + workerIndex;
    const tools = {
      client,
      name: `${name}.${index}`,
      random: new SeededRandom(seed + index),
      now: drillClock(BigInt(originNs)),
      // At once, so that a process that is killed leaves everything it has seen.
      record: (event: HistoryEvent) => writeSync(file, `${JSON.stringify(event)}\n`),
      signal: stopping.signal,
    };
    return new Worker(resource === undefined ? tools : { ...tools, resource }, habits).run();
  }),
);
await Promise.all(running);
await Promise.all(clients.map((client) => client.close()));
resource?.close();
