// Runs in a pod, beside the sources of the command line's image: clients of the SDK that work until
// the input ends, and lines of JSON about it on the output.
import { setTimeout as sleep } from "node:timers/promises";
import { OneHolder } from "./one-holder.ts";
import { RegionLoad } from "./region-load.ts";
import type { LoadLine, LoadSettings } from "./settings.ts";
import { Tally } from "./tally.ts";

const progressEveryMs = 500;

const settings = JSON.parse(process.argv[2] ?? "") as LoadSettings;
const tally = new Tally(() => performance.now());

function write(line: LoadLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function run(): Promise<void> {
  const global = new OneHolder(tally);
  const loads = settings.regions.map((door) => new RegionLoad(door, settings, tally, global));
  await Promise.all(loads.map((load) => load.open()));
  for (const load of loads) load.begin();
  write({ kind: "ready", kept: tally.figures().kept });
  const ended = new Promise<void>((resolve) => process.stdin.once("end", resolve).resume());
  const figures = () => write({ kind: "progress", figures: tally.figures() });
  const ticker = setInterval(figures, progressEveryMs);
  await Promise.race([ended, sleep(settings.secondsMax * 1_000, undefined, { ref: false })]);
  clearInterval(ticker);
  tally.end();
  await Promise.all(loads.map((load) => load.close()));
  write({ kind: "report", figures: tally.figures() });
}

try {
  await run();
} catch (error) {
  write({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
process.exit();
