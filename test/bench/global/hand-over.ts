import type { Holdfast } from "@holdfast/client/holdfast";
import type { Lock } from "@holdfast/client/lock";
import type { Scope } from "@holdfast/core/command/command";

/** A hand-over between two requests of one client. */
export interface HandOver {
  /** From calling the release to the next in line having the lock, in ms. */
  readonly tookMs: number;
  /** What the next one was given. */
  readonly token: bigint;
}

/** So many stand in line behind `held`, which goes to one after the other, and is free then. */
export async function handOver(
  client: Holdfast,
  held: Lock,
  scope: Scope,
  times = 1,
): Promise<HandOver[]> {
  const line = [];
  for (let place = 1; place <= times; place++) {
    line.push(await standInLine(client, held.name, scope));
  }
  const handOvers: HandOver[] = [];
  let holder = held;
  for (const { next } of line) {
    const startMs = performance.now();
    const released = holder.release();
    holder = await next;
    handOvers.push({ tookMs: performance.now() - startMs, token: holder.token });
    await released;
  }
  await holder.release();
  return handOvers;
}

/** Resolves when it stands there. */
function standInLine(
  client: Holdfast,
  name: string,
  scope: Scope,
): Promise<{ readonly next: Promise<Lock> }> {
  return new Promise((resolve, reject) => {
    const onPosition = (): void => resolve({ next });
    const next = client.acquire(name, { scope, onPosition });
    next.catch(reject);
  });
}
