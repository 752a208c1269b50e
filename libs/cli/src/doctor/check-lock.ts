import { randomId } from "@holdfast/base/random";
import type { Scope } from "@holdfast/core/command/command";
import { regionOf, ttlBounds } from "../commands/global-option.ts";
import type { ClientPort } from "../connection/client-port.ts";
import { within } from "../connection/within.ts";
import type { Edge } from "../edge.ts";
import { type Finding, fail, ok } from "./finding.ts";

const lockTimeoutMs = 5_000;

/** The proof of the pudding: takes a lock nobody else can want, and gives it back. */
export async function checkLock(
  edge: Pick<Edge, "clock" | "random">,
  client: ClientPort,
  scope: Scope = "local",
): Promise<Finding> {
  const about = `lock ${regionOf(scope, client)}`;
  const startedMs = edge.clock.monotonicMs();
  try {
    const name = `holdfast-doctor/${randomId(edge.random)}`;
    await within(
      edge.clock,
      lockTimeoutMs,
      takeAndGiveBack(client, name, scope),
      "no answer within 5s",
    );
  } catch (error) {
    const advice =
      scope === "global"
        ? "Two of three regions are needed; holdfast region ls says which of them vote."
        : "The lines about the shards say why, or else the router's log.";
    return fail(about, `a lock could not be taken: ${(error as Error).message}`, advice);
  }
  const tookMs = edge.clock.monotonicMs() - startedMs;
  return ok(about, `taken and given back in ${tookMs.toFixed(1)}ms`);
}

async function takeAndGiveBack(client: ClientPort, name: string, scope: Scope): Promise<void> {
  const outcome = await client.acquireLeased({
    name,
    scope,
    mode: "exclusive",
    // The shortest there is, in case it cannot be released.
    ttlMs: ttlBounds(scope).min,
    waitMs: 0,
    metadata: {},
  });
  if (outcome.kind !== "granted") throw new Error(`it was ${outcome.kind}`);
  await client.release(outcome.handle);
}
