import { CliError } from "../cli-error.ts";
import type { GrantView, LeasedOutcome } from "../connection/client-port.ts";
import { exitCodes } from "../exit-codes.ts";
import { parseBoundedDuration, printDuration } from "../input/duration.ts";
import { type Handle, printHandle } from "../input/handle.ts";
import { checkedName } from "../input/lock-name.ts";
import { parseMetadata } from "../input/metadata.ts";
import { type Invocation, OutputClosedError, waitBounds } from "../invocation.ts";
import { renderFields } from "../output/table.ts";
import { regionOf, type ScopeOptions, scopeOf, ttlBounds } from "./global-option.ts";
import { Interruption } from "./interruption.ts";
import { reportRefusal } from "./refusal.ts";
import { showWaiting } from "./waiting-line.ts";

/** Options of `acquire` and `try`. */
export interface LeaseOptions extends ScopeOptions {
  readonly ttl: string;
  readonly shared?: boolean;
  readonly metadata: readonly string[];
  readonly quiet?: boolean;
}

/** Takes a lock with a ttl of its own and prints its handle. */
export async function takeLease(
  invocation: Invocation,
  word: string,
  options: LeaseOptions,
  wait: string,
): Promise<number> {
  const name = checkedName(word);
  const scope = scopeOf(options);
  const ttlMs = parseBoundedDuration(options.ttl, "--ttl", ttlBounds(scope));
  const waitMs = parseBoundedDuration(wait, "--wait", waitBounds);
  const metadata = parseMetadata(options.metadata);
  const mode = options.shared === true ? "shared" : "exclusive";
  const interruption = new Interruption(invocation.edge);
  const client = await invocation.connect({ scope });
  const region = regionOf(scope, client);
  const waiting = showWaiting(invocation, name, region);
  let outcome: LeasedOutcome;
  try {
    const { signal } = interruption;
    const { onPosition } = waiting;
    outcome = await client.acquireLeased({
      name,
      scope,
      mode,
      ttlMs,
      waitMs,
      metadata,
      signal,
      onPosition,
    });
  } finally {
    await waiting.end();
    interruption.end();
  }
  if (outcome.kind !== "granted") {
    return reportRefusal(invocation, { name, region }, outcome, interruption);
  }
  try {
    await printGrant(invocation, outcome.grant, outcome.handle, options.quiet === true);
  } catch (error) {
    if (!(error instanceof OutputClosedError)) throw error;
    // Nobody read the handle, so nobody could ever release the lock.
    await client.release(outcome.handle);
    throw new CliError(exitCodes.unknownOutcome, "Nobody read the handle; the lock was released.");
  }
  return exitCodes.done;
}

async function printGrant(
  invocation: Invocation,
  grant: GrantView,
  handle: Handle,
  quiet: boolean,
): Promise<void> {
  const { region, namespace, name, mode, grantId, token, validForMs } = grant;
  const word = printHandle(handle);
  if (invocation.format === "json") {
    const lock = { region, namespace, lock: name, mode, grantId, token };
    return invocation.printJson({ granted: true, handle: word, ...lock, validForMs });
  }
  if (quiet) return invocation.print(`${word}\n`);
  await invocation.print(
    renderFields(
      [
        ["handle", word],
        ["region", region],
        ["namespace", namespace],
        ["lock", name],
        ["mode", mode],
        ["grant", grantId],
        ["token", token.toString()],
        ["valid for", printDuration(validForMs)],
      ],
      invocation.paint,
    ),
  );
  await invocation.hint("\nIts handle renews and releases it: holdfast release HANDLE\n");
}
