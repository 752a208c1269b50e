import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { servingFlags } from "@holdfast/runtime/node-flags";
import { findTool } from "@holdfast/toolchain/find-tool";
import { type RoundTrip, threeRegions } from "../../relay/wan.ts";
import { startPlatform, type WanPlatform } from "../../wan/wan-platform.ts";
import { startEcho } from "./echo.ts";
import type { RegionSettings } from "./region-settings.ts";
import { bestLeader, laidRtt } from "./round-trips.ts";
import { type StretchedEtcd, startStretchedEtcd } from "./stretched-etcd.ts";

/** Three regions of Holdfast and one stretched etcd, over the same relayed links. */
export interface WanStage extends AsyncDisposable {
  readonly platform: WanPlatform;
  readonly roundTrips: readonly RoundTrip[];
  readonly stretched: StretchedEtcd;
  /** The region in which the stretched cluster is to be led. */
  readonly bestLeader: string;
  settingsOf(region: string): RegionSettings;
  readonly versions: Readonly<Record<string, string>>;
  /** Further arguments for the Node of the processes that put on load. */
  readonly execArgv: readonly string[];
  readonly report: (line: string) => void;
}

/** How the stage is set. */
export interface WanStageOptions {
  /** Whether locks are delegated to regions, as HOLDFAST_DELEGATION wants it. */
  readonly delegation: "on" | "off";
  /** Further arguments for the Node of all processes but this one. */
  readonly execArgv: readonly string[];
  readonly report: (line: string) => void;
}

/** Starts everything, or says why this machine cannot have it. */
export async function startWanStage({
  delegation,
  execArgv,
  report,
}: WanStageOptions): Promise<WanStage | { readonly kind: "missing"; readonly reason: string }> {
  const tool = await findTool("etcd", { progress: ({ message }) => report(`  ${message}`) });
  if (tool.kind === "missing") return tool;
  const started = new AsyncDisposableStack();
  try {
    const build = { preloads: [], env: { HOLDFAST_DELEGATION: delegation } };
    const nodeArgs = [...servingFlags, ...execArgv];
    const platform = started.use(await startPlatform({ fsync: true, nodeArgs, build }));
    const { wan } = platform;
    if (execArgv.length > 0) {
      // A profile is written by a process that ends by itself.
      const services = platform.sites.flatMap((site) => site.services);
      for (const { name, pid } of services) report(`  ${name} is process ${pid}`);
      started.defer(async () => {
        await Promise.all(services.map((service) => service.kill("SIGTERM")));
      });
    }
    const folder = join(platform.folder, "stretched");
    mkdirSync(folder, { recursive: true });
    const stretched = started.use(await startStretchedEtcd(wan, tool.path, folder));
    const echo = await startEcho();
    started.defer(() => echo.stop());
    const settings = new Map<string, RegionSettings>();
    for (const { region, shards } of platform.sites) {
      const echoes: Record<string, string> = {};
      for (const to of wan.regions) {
        if (to !== region) echoes[to] = await wan.dial(region, to, echo.port);
      }
      settings.set(region, {
        region,
        routers: platform.endpointsFrom(region),
        etcd: shards.flatMap(({ endpoints }) => endpoints),
        stretched: stretched.urlOf(region),
        echoes,
      });
    }
    return {
      ...{ platform, stretched, execArgv, report, roundTrips: threeRegions },
      bestLeader: bestLeader(wan.regions, laidRtt(threeRegions)),
      settingsOf: (region) => {
        const found = settings.get(region);
        if (found === undefined) throw new Error(`no region is called ${region}`);
        return found;
      },
      versions: { etcd: tool.version },
      [Symbol.asyncDispose]: () => started.disposeAsync(),
    };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}
