import type { Holdfast } from "@holdfast/client/holdfast";
import type { Lock } from "@holdfast/client/lock";
import type { Scope } from "@holdfast/core/command/command";

/** A hand-over between two requests of one client. */
export interface HandOver {
  /** From calling the release to the next in line having the lock, in ms. */
  readonly tookMs: number;
  /** What the next one was given; it is released. */
  readonly token: bigint;
}

/** Stands in line behind `held`, and releases that. */
export async function handOver(client: Holdfast, held: Lock, scope: Scope): Promise<HandOver> {
  const { next } = await standInLine(client, held.name, scope);
  const startMs = performance.now();
  const released = held.release();
  const last = await next;
  const tookMs = performance.now() - startMs;
  await released;
  await last.release();
  return { tookMs, token: last.token };
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
