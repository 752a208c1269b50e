import { freePorts } from "@holdfast/toolchain/free-ports";
import { TraceCollector } from "../../integration/telemetry/trace-collector.ts";
import { ActorProcess } from "../actor-process.ts";
import type { Figures } from "../figures.ts";
import { type Measurement, measureLoad } from "../measured-load.ts";
import { median } from "../percentile.ts";
import type { HoldfastServers } from "../servers/holdfast.ts";
import type { Stage } from "./stage.ts";

const workers = 1_024;
const warmupMs = 500;
/** A median of fewer pairs says little on a machine that others use too. */
const pairsMin = 7;
/** As often as a Prometheus comes by that is in a hurry. */
const scrapeMs = 5_000;
/** The default of the services. */
const sample = "0.001";

/** A router with the process that puts load on it. */
interface Runner {
  readonly router: HoldfastServers;
  readonly load: ActorProcess;
}

interface Pair {
  readonly with: Measurement;
  readonly without: Measurement;
}

/**
 * What it costs to be watched: throughput of a router that counts, is scraped and tells a
 * thousandth of its traces, against that of one that does not, in pairs whose order turns.
 */
export async function measureMetrics(
  stage: Stage,
  rounds: number,
  roundMs: number,
  startRouter: (env: Readonly<Record<string, string>>) => Promise<HoldfastServers>,
): Promise<Figures> {
  const { settings, execArgv, etcd, holdfast, report } = stage;
  await using ends = new AsyncDisposableStack();
  const loadOn = async (router: HoldfastServers): Promise<Runner> => {
    const role = { ...settings, router: router.endpoint, contender: "holdfast" as const };
    const load = await ActorProcess.start("load", role, execArgv);
    ends.defer(() => load.stop());
    return { router, load };
  };
  const collector = ends.use(await TraceCollector.start());
  const [port] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const watched = await startRouter({
    HOLDFAST_METRICS_LISTEN: address,
    HOLDFAST_TRACES_ENDPOINT: collector.endpoint,
    HOLDFAST_TRACES_SAMPLE: sample,
  });
  ends.defer(() => watched.stop());
  const scraping = setInterval(() => void fetch(`http://${address}/metrics`), scrapeMs);
  ends.defer(() => clearInterval(scraping));
  const runners = { with: await loadOn(watched), without: await loadOn(holdfast) };
  const play = async ({ router, load }: Runner): Promise<Measurement> => {
    await etcd.compact();
    const plan = { workers, warmupMs, measureMs: roundMs };
    const pids = { etcd: etcd.pids(), router: [router.routerPid] };
    return measureLoad([load], plan, pids);
  };
  // Their first runs compile the code.
  for (const runner of Object.values(runners)) await play(runner);
  const played: Pair[] = [];
  for (let pair = 0; pair < Math.max(pairsMin, rounds); pair++) {
    const order = pair % 2 === 0 ? (["with", "without"] as const) : (["without", "with"] as const);
    const run: Partial<Record<keyof Pair, Measurement>> = {};
    for (const which of order) run[which] = await play(runners[which]);
    played.push(run as Pair);
    const [on, off] = order.map((which) => Math.round(run[which]?.pairsPerS ?? 0));
    report(`  ${on} pairs/s ${order[0]}, ${off} ${order[1]}`);
  }
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const counted = /^holdfast_operation_seconds_count\{operation="acquire".*granted"\} (\d+)/m.exec(
    text,
  );
  const ratios = played.map((run) => run.with.pairsPerS / run.without.pairsPerS);
  const routerUs = ({ serverCpuUsBy }: Measurement): number => serverCpuUsBy?.router ?? Number.NaN;
  return {
    "metrics.throughput_ratio": median(ratios),
    "metrics.ratios": ratios.map((ratio) => ratio.toFixed(3)).join(" "),
    "metrics.router_cpu_ratio": median(
      played.map((run) => routerUs(run.with) / routerUs(run.without)),
    ),
    "metrics.with.pairs_per_s": median(played.map((run) => run.with.pairsPerS)),
    "metrics.without.pairs_per_s": median(played.map((run) => run.without.pairsPerS)),
    "metrics.with.router_cpu_us": median(played.map((run) => routerUs(run.with))),
    "metrics.without.router_cpu_us": median(played.map((run) => routerUs(run.without))),
    "metrics.acquires_counted": Number(counted?.[1] ?? 0),
    "metrics.spans_told": collector.spans.length,
  };
}
