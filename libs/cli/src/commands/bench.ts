import { randomId } from "@holdfast/base/random";
import { type Command, Option } from "commander";
import { type Latency, type LoadReport, runLoad } from "../bench/load.ts";
import { usageError } from "../cli-error.ts";
import { isLoopback } from "../connection/endpoint.ts";
import { exitCodes } from "../exit-codes.ts";
import { parseInteger } from "../input/integer.ts";
import type { Invocation } from "../invocation.ts";
import { examplesHelp } from "../output/help-text.ts";
import { renderFields } from "../output/table.ts";
import type { Wrap } from "../wrap.ts";
import { Interruption } from "./interruption.ts";

interface BenchOptions {
  readonly seconds: string;
  readonly clients: string;
  readonly allowRemote?: boolean;
}

/** `holdfast bench`: a small load, to see what an installation does. */
export function addBench(program: Command, wrap: Wrap): void {
  program
    .command("bench")
    .summary("measure acquire and release under a small load")
    .description(
      "Has some clients acquire and release locks of their own for a few seconds, over one " +
        "connection, and prints how many pairs a second that gave. Compares nothing with nothing: " +
        "the benchmark with contenders is npm run bench in the repository.",
    )
    .addOption(new Option("--seconds <n>", "how long, 1 to 60").default("5"))
    .addOption(new Option("--clients <n>", "how many at once, 1 to 512").default("64"))
    .option("--allow-remote", "load endpoints that are not on this machine")
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast bench",
        "holdfast bench --clients 1 --seconds 3          (what a lone client sees)",
        "holdfast bench --endpoints router.test:7420 --allow-remote -o json",
      ]),
    )
    .action(wrap<BenchOptions>((invocation, _args, options) => bench(invocation, options)));
}

async function bench(invocation: Invocation, options: BenchOptions): Promise<number> {
  const seconds = parseInteger(options.seconds, "--seconds", { min: 1, max: 60 });
  const clients = parseInteger(options.clients, "--clients", { min: 1, max: 512 });
  const { endpoints } = await invocation.discover();
  const remote = endpoints.filter((endpoint) => !isLoopback(endpoint));
  if (remote.length > 0 && options.allowRemote !== true) {
    throw usageError(
      `A load on ${remote.join(", ")} could get in the way of others.`,
      "If that is what you want, add --allow-remote.",
    );
  }
  const interruption = new Interruption(invocation.edge);
  try {
    const client = await invocation.connect();
    const { region } = client;
    const prefix = `holdfast-bench/${randomId(invocation.edge.random)}/`;
    await invocation.hint(
      `${clients} clients for ${seconds}s on ${region}; Ctrl-C ends it early\n`,
    );
    const { signal } = interruption;
    const report = await runLoad(client, invocation.edge.clock, {
      clients,
      seconds,
      prefix,
      signal,
    });
    await print(invocation, region, clients, report);
    return report.pairs > 0 ? exitCodes.done : exitCodes.unavailable;
  } finally {
    interruption.end();
  }
}

async function print(
  invocation: Invocation,
  region: string,
  clients: number,
  report: LoadReport,
): Promise<void> {
  if (invocation.format === "json") return invocation.printJson({ region, clients, ...report });
  const { pairs, pairsPerSecond, seconds, acquire, release, failures, firstFailure } = report;
  await invocation.print(
    renderFields(
      [
        ["region", region],
        ["clients", `${clients}`],
        ["pairs", `${pairs} in ${seconds.toFixed(1)}s`],
        ["pairs/s", `${Math.round(pairsPerSecond)}`],
        ["acquire", printLatency(acquire)],
        ["release", printLatency(release)],
        ["failures", failures === 0 ? "none" : `${failures}, the first: ${firstFailure}`],
      ],
      invocation.paint,
    ),
  );
}

function printLatency({ p50Ms, p99Ms }: Latency): string {
  return `p50 ${p50Ms.toFixed(2)}ms, p99 ${p99Ms.toFixed(2)}ms`;
}
