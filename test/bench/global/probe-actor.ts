import { setTimeout as sleep } from "node:timers/promises";
import { Holdfast } from "@holdfast/client/holdfast";
import type { Actor } from "../actors/actor.ts";
import type { RegionSettings } from "./region-settings.ts";

/** Begins to ask for locks, or says when each was granted since. */
export type ProbeRequest = { readonly do: "begin" } | { readonly do: "end" };

/** Of "end". */
export interface ProbeAnswer {
  /** In ms of {@link machineMs}. */
  readonly grantedMs: readonly number[];
  /** Acquires that failed, by their code: regions were lost. */
  readonly failures: Readonly<Record<string, number>>;
}

/** So that a gap in grants is not one of the probe's own. */
const workers = 4;
/** A request that fails at once is not repeated at once. */
const pauseMs = 20;

/** Now, in ms, on the one monotonic clock that all processes of this machine share. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Clients of one region that take locks nobody has used before, and record when they got them. */
export async function probe(settings: RegionSettings): Promise<Actor> {
  const client = await Holdfast.connect({ endpoints: settings.routers, owner: "bench" });
  let grantedMs: number[] = [];
  let failures: Record<string, number> = {};
  let isOn = false;
  let count = 0;
  let working: Promise<void>[] = [];

  const work = async (): Promise<void> => {
    while (isOn) {
      const name = `probe/${settings.region}/${count++}`;
      try {
        const lock = await client.acquire(name, { scope: "global", wait: 0 });
        grantedMs.push(machineMs());
        // Nobody else wants it: whether it is given back now or at its ttl changes nothing.
        lock.release().catch(() => {});
      } catch (error) {
        const code = String((error as { code?: unknown }).code ?? error);
        failures[code] = (failures[code] ?? 0) + 1;
        await sleep(pauseMs);
      }
    }
  };

  return {
    async perform(request) {
      const asked = request as ProbeRequest;
      if (asked.do === "begin") {
        grantedMs = [];
        failures = {};
        isOn = true;
        working = Array.from({ length: workers }, work);
        return undefined;
      }
      isOn = false;
      await Promise.all(working);
      return { grantedMs, failures } satisfies ProbeAnswer;
    },
    close: () => client.close(),
  };
}
