import { randomId } from "@holdfast/base/random";
import type { ClientPort } from "../connection/client-port.ts";
import { within } from "../connection/within.ts";
import type { Edge } from "../edge.ts";
import { type Finding, fail, ok } from "./finding.ts";

const lockTimeoutMs = 5_000;
/** The shortest there is, in case it cannot be released. */
const probeTtlMs = 2_000;

/** The proof of the pudding: takes a lock nobody else can want, and gives it back. */
export async function checkLock(
  edge: Pick<Edge, "clock" | "random">,
  client: ClientPort,
): Promise<Finding> {
  const about = `lock ${client.region}`;
  const startedMs = edge.clock.monotonicMs();
  try {
    const name = `holdfast-doctor/${randomId(edge.random)}`;
    await within(edge.clock, lockTimeoutMs, takeAndGiveBack(client, name), "no answer within 5s");
  } catch (error) {
    const advice = "The lines about the shards say why, or else the router's log.";
    return fail(about, `a lock could not be taken: ${(error as Error).message}`, advice);
  }
  const tookMs = edge.clock.monotonicMs() - startedMs;
  return ok(about, `taken and given back in ${tookMs.toFixed(1)}ms`);
}

async function takeAndGiveBack(client: ClientPort, name: string): Promise<void> {
  const outcome = await client.acquireLeased({
    name,
    mode: "exclusive",
    ttlMs: probeTtlMs,
    waitMs: 0,
    metadata: {},
  });
  if (outcome.kind !== "granted") throw new Error(`it was ${outcome.kind}`);
  await client.release(outcome.handle);
}
