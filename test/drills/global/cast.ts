import type { HistoryEvent } from "../../history/history-event.ts";
import type { WanPlatform } from "../../wan/wan-platform.ts";
import type { ProcessBuild } from "../../wan/wan-site.ts";
import { Holder } from "../holder.ts";
import type { Habits } from "../worker.ts";
import { busy, probing } from "./habits.ts";

/** A process of clients in one region. */
export interface Part {
  /** As "busy"; with the region it is unique in a drill. */
  readonly role: string;
  readonly region: string;
  readonly clients: number;
  /** Of each client. */
  readonly workers: number;
  readonly habits: Habits;
}

/** What all processes of clients of one run share. */
export interface Stage {
  readonly platform: WanPlatform;
  /** In front of every lock's name: each run has its own locks. */
  readonly prefix: string;
  readonly folder: string;
  readonly originNs: bigint;
  readonly resourcePort: number;
  readonly seed: number;
  readonly build: ProcessBuild;
  readonly now: () => number;
  readonly record: (event: HistoryEvent) => void;
}

/** The processes of clients, by {@link partName}. */
export type Cast = ReadonlyMap<string, Holder>;

/** One process a region, none of which is harmed. */
export function bystanders(platform: WanPlatform, habits: Habits = busy): Part[] {
  return platform.sites.map(({ region }) => {
    return { role: "busy", region, clients: 2, workers: 4, habits };
  });
}

/** The role of those who only find out whether anything is granted. */
export const probeRole = "probe";

/** One process a region of clients that use each lock once. */
export function probes(platform: WanPlatform): Part[] {
  return platform.sites.map(({ region }) => {
    return { role: probeRole, region, clients: 1, workers: 3, habits: probing };
  });
}

/** The name under which a part's process is found, and its clients' names begin. */
export function partName({ role, region }: Pick<Part, "role" | "region">): string {
  return `${role}-${region}-`;
}

/** A run ends when the last answer has come or is given up: soon, and after any round trip. */
const requestTimeoutMs = 5_000;

/** Starts a process for each part. */
export async function raiseCast(stage: Stage, parts: readonly Part[]): Promise<Cast> {
  const { platform, prefix, folder, originNs, resourcePort, seed, build, now, record } = stage;
  const cast = new Map<string, Holder>();
  for (const [index, part] of parts.entries()) {
    const { region, clients, workers, habits } = part;
    const name = partName(part);
    const holder = new Holder({
      ...{ name, clients, workers, folder, now, record, resourcePort },
      endpoints: platform.endpointsFrom(region),
      habits: { ...habits, locks: habits.locks.map((lock) => `${prefix}/${lock}`) },
      seed: seed * 1_000_003 + index * 10_007,
      requestTimeoutMs,
      originNs: String(originNs),
      preloads: build.preloads,
      env: { ...platform.env, ...build.env },
    });
    cast.set(name, holder);
  }
  await Promise.all([...cast.values()].map((holder) => holder.start()));
  return cast;
}
