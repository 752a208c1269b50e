import { setTimeout as sleep } from "node:timers/promises";
import { integerBelow, type Random } from "@holdfast/base/random";
import type { SessionLease } from "@holdfast/core/command/command";
import type { Region } from "../region.ts";

/** Locks that everybody wants. */
const locks = 12;
const workers = 8;

/** Works with locks until `isOver`: tries, waits, shares, releases, closes and leaves sessions. */
export async function workOnLocks(
  region: Region,
  random: Random,
  isOver: () => boolean,
): Promise<void> {
  await Promise.all(
    Array.from({ length: workers }, async () => {
      while (!isOver()) await oneSession(region, random, isOver);
    }),
  );
}

async function oneSession(region: Region, random: Random, isOver: () => boolean): Promise<void> {
  const session = await region.open(5_000);
  const leases = new Map<string, SessionLease>();
  for (let turn = 0; turn < 20 && !isOver(); turn++) {
    const name = `lock-${integerBelow(random, locks)}`;
    const mode = random.next() < 0.3 ? "shared" : "exclusive";
    const waitMs = random.next() < 0.5 ? 0 : 300;
    const outcome = await region.acquire(name, { session, mode, waitMs });
    if (outcome.kind !== "granted") continue;
    const { lease } = outcome.grant;
    leases.set(`${lease.shard} ${lease.leaseId}`, lease);
    await sleep(random.next() * 10);
    // One in ten goes with its session.
    if (random.next() < 0.9) await region.release(outcome.grant, session);
  }
  await region.execute({ kind: "close-session", session, leases: [...leases.values()] });
}
