import { setTimeout as sleep } from "node:timers/promises";
import { ActorProcess } from "../bench/actor-process.ts";
import type { IdlersRequest } from "../bench/actors/idlers.ts";
import type { DrilledRegion } from "./region.ts";

/** A process may have 20,000 files open on common machines, and each client needs a few. */
const clientsPerProcess = 2_500;
/** A ttl of the clients and some more: whoever was to lose a lock has lost it by then. */
const aftermathMs = 20_000;
/** It may take a minute to tell them all, and waits for the last ones. */
const endMsMax = 70_000;

/** What came of it. */
export interface DrainedRouterResult {
  readonly streams: number;
  /** Clients that lost their lock. */
  readonly lost: number;
  /** From the signal until the router had ended; undefined where it did not. */
  readonly endedMs: number | undefined;
}

/**
 * Connects clients to the first router of two, each with a stream and a lock of its own, and has it
 * end as a drained node does: all of them find the other one.
 */
export async function runDrainedRouterDrill(
  { routers, endpoints: [router = "", spare = ""] }: DrilledRegion,
  streams: number,
): Promise<DrainedRouterResult> {
  const [drained, other] = routers;
  if (drained === undefined || other === undefined) throw new Error("two routers are needed");
  const count = Math.ceil(streams / clientsPerProcess);
  await other.kill();
  const actors = await Promise.all(
    Array.from({ length: count }, () => ActorProcess.start("idlers", { router, spare }, [])),
  );
  type Answer = { readonly clients: number; readonly lost: number };
  const ask = (actor: ActorProcess, request: IdlersRequest) => actor.request<Answer>(request);
  try {
    const clients = Math.ceil(streams / count);
    await Promise.all(
      actors.map((actor, i) => ask(actor, { do: "connect", clients, prefix: String(i) })),
    );
    await other.start();
    const startMs = performance.now();
    drained.send("SIGTERM");
    const isGone = await drained.isGone(endMsMax);
    const endedMs = isGone ? performance.now() - startMs : undefined;
    await sleep(aftermathMs);
    const answers = await Promise.all(actors.map((actor) => ask(actor, { do: "check" })));
    const lost = answers.reduce((sum, answer) => sum + answer.lost, 0);
    return { streams: count * clients, lost, endedMs };
  } finally {
    await Promise.all(actors.map((actor) => actor.stop()));
  }
}

/** What it came to, for people. */
export function drainedRouterLine({ streams, lost, endedMs }: DrainedRouterResult): string {
  const ended =
    endedMs === undefined ? "did not end" : `ended in ${(endedMs / 1_000).toFixed(1)} s`;
  return `drained-router: ${streams} streams, ${lost} locks lost, the router ${ended}`;
}
