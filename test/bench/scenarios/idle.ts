import { setTimeout as sleep } from "node:timers/promises";
import { ActorProcess } from "../actor-process.ts";
import type { IdlersRequest } from "../actors/idlers.ts";
import type { Figures } from "../figures.ts";
import { cpuMsBetween, cpuMsByPid, rssBytesOf } from "../process-usage.ts";
import type { Stage } from "./stage.ts";

const clientsCount = 10_000;
/** A process may have 20,000 files open on common machines, and each client needs a few. */
const processes = 4;
/** Long enough for every client to have sent several heartbeats at the default ttl of 15 s. */
const watchMsMin = 15_000;

/** What clients cost that only stay connected and alive. */
export async function measureIdle(stage: Stage, roundMs: number): Promise<Figures> {
  const { settings, holdfast, etcd, report } = stage;
  const actors = await Promise.all(
    Array.from({ length: processes }, () => ActorProcess.start("idlers", settings, [])),
  );
  type Answer = { readonly clients: number; readonly lost: number };
  const ask = (actor: ActorProcess, request: IdlersRequest) => actor.request<Answer>(request);
  try {
    const rssEmpty = rssBytesOf(holdfast.routerPid);
    const clients = clientsCount / processes;
    await Promise.all(
      actors.map((actor, i) => ask(actor, { do: "connect", clients, prefix: String(i) })),
    );
    report(`  ${clientsCount} clients connected`);
    // What connecting left undone is not what idling costs.
    await sleep(5_000);
    const watchMs = Math.max(watchMsMin, roundMs);
    const pids = [holdfast.routerPid];
    const routerBefore = cpuMsByPid(pids);
    const etcdBefore = cpuMsByPid(etcd.pids());
    const startMs = performance.now();
    await sleep(watchMs);
    const tookMs = performance.now() - startMs;
    const share = cpuMsBetween(routerBefore, cpuMsByPid(pids)) / tookMs;
    const etcdShare = cpuMsBetween(etcdBefore, cpuMsByPid(etcd.pids())) / tookMs;
    const rssBytes = rssBytesOf(holdfast.routerPid);
    const { heapUsed, external } = await holdfast.routerMemory();
    const answers = await Promise.all(actors.map((actor) => ask(actor, { do: "check" })));
    const lost = answers.reduce((sum, answer) => sum + answer.lost, 0);
    // On a starved machine a client may miss its deadline; many that did were not idle but gone.
    if (lost > clientsCount / 100) throw new Error(`${lost} idle clients lost their lock`);
    const mib = 1024 * 1024;
    report(`  router: ${share.toFixed(2)} of a core, ${Math.round(rssBytes / mib)} MiB`);
    return {
      "idle.cpu_share": share,
      "idle.rss_mib": rssBytes / mib,
      "idle.clients": clientsCount,
      "idle.locks_lost": lost,
      "idle.router_living_bytes_each": (heapUsed + external) / clientsCount,
      "idle.rss_mib_without_clients": rssEmpty / mib,
      "idle.etcd_cpu_share_three_members": etcdShare,
    };
  } finally {
    await Promise.all(actors.map((actor) => actor.stop()));
  }
}
