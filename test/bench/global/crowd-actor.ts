import { setTimeout as sleep } from "node:timers/promises";
import { Holdfast } from "@holdfast/client/holdfast";
import type { Actor } from "../actors/actor.ts";
import type { RegionSettings } from "./region-settings.ts";
import { StretchedLocks } from "./stretched-lock.ts";

/** First all connect, then all take part in the scramble for one lock. */
export type CrowdRequest =
  | { readonly do: "connect"; readonly lock: string; readonly clients: number }
  | {
      readonly do: "scramble";
      /** Not counted: the line forms. */
      readonly warmupMs: number;
      readonly measureMs: number;
    };

/** Of "scramble": how often a client of this process had the lock within the measured time. */
export interface CrowdAnswer {
  readonly grants: number;
}

/** One client of the crowd: has the lock once, and lets it go at once. */
interface Member {
  turn(hasIt: () => void): Promise<void>;
  close(): Promise<void>;
}

/** Longer than any wait in the line: a client that gives up would be another benchmark. */
const wait = "10m";

/** Many clients in one region, all after the same lock, each with a connection of its own. */
export async function crowd(
  settings: RegionSettings & { readonly contender: "holdfast" | "stretched" },
): Promise<Actor> {
  const leaving = new AbortController();
  const members: Member[] = [];
  const stretched =
    settings.contender === "stretched" ? await StretchedLocks.open(settings.stretched) : undefined;

  const join = (lock: string): Promise<Member> => {
    if (stretched === undefined) return ofHoldfast(settings.routers, lock, leaving.signal);
    return Promise.resolve(inLine(stretched, lock, `${settings.region}-${members.length}`));
  };

  const scramble = async (warmupMs: number, measureMs: number): Promise<CrowdAnswer> => {
    const fromMs = performance.now() + warmupMs;
    const untilMs = fromMs + measureMs;
    let grants = 0;
    const hasIt = (): void => {
      const nowMs = performance.now();
      if (nowMs >= fromMs && nowMs < untilMs) grants++;
    };
    const failed = Promise.withResolvers<never>();
    const work = async (member: Member): Promise<void> => {
      while (performance.now() < untilMs) await member.turn(hasIt);
    };
    for (const member of members) {
      work(member).catch((error: unknown) => {
        if (!leaving.signal.aborted) failed.reject(error);
      });
    }
    await Promise.race([sleep(warmupMs + measureMs), failed.promise]);
    // Those in line when time is up are not waited for: the process ends with them in line.
    leaving.abort();
    return { grants };
  };

  return {
    async perform(request) {
      const asked = request as CrowdRequest;
      if (asked.do === "scramble") return scramble(asked.warmupMs, asked.measureMs);
      while (members.length < asked.clients) members.push(await join(asked.lock));
      return undefined;
    },
    async close() {
      leaving.abort();
      await Promise.all(members.map((member) => member.close()));
      await stretched?.close();
    },
  };
}

async function ofHoldfast(
  endpoints: readonly string[],
  lock: string,
  signal: AbortSignal,
): Promise<Member> {
  const client = await Holdfast.connect({ endpoints, owner: "bench" });
  return {
    async turn(hasIt) {
      const held = await client.acquire(lock, { scope: "global", wait, signal });
      hasIt();
      await held.release();
    },
    close: () => client.close(),
  };
}

function inLine(locks: StretchedLocks, lock: string, name: string): Member {
  return {
    async turn(hasIt) {
      const { key, untilHead } = await locks.standInLine(lock, name);
      await untilHead();
      hasIt();
      await locks.release(key);
    },
    close: async () => {},
  };
}
