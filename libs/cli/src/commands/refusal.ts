import { globalRegion } from "@holdfast/core/lock/lock-id";
import { CliError } from "../cli-error.ts";
import type { Refusal, TenantView } from "../connection/client-port.ts";
import { exitCodes } from "../exit-codes.ts";
import { printDuration } from "../input/duration.ts";
import type { Invocation } from "../invocation.ts";
import { jsonTenant, printOwner } from "../output/tenant.ts";
import { placeName } from "./global-option.ts";
import type { Interruption } from "./interruption.ts";

/** Prints that, why and by whom a lock was not given. Returns the exit code, or throws it. */
export async function reportRefusal(
  invocation: Invocation,
  lock: { readonly name: string; readonly region: string },
  refusal: Refusal,
  interruption: Interruption,
): Promise<number> {
  const error = refusalError(lock, refusal, interruption.exitCode);
  if (invocation.format === "table") throw error;
  await invocation.printJson({
    granted: false,
    outcome: refusal.kind,
    region: lock.region,
    namespace: invocation.namespace,
    lock: lock.name,
    holders: refusal.holders.map(jsonTenant),
    queueLength: refusal.queueLength,
    retryAfterMs: refusal.retryAfterMs,
  });
  return error.exitCode;
}

/** The same as an error; `interruptedCode` is how we end where a signal ended the wait. */
export function refusalError(
  lock: { readonly name: string; readonly region: string },
  refusal: Refusal,
  interruptedCode: number | undefined,
): CliError {
  const { kind, holders, queueLength, retryAfterMs } = refusal;
  const what = `${lock.name} in ${placeName(lock.region)}`;
  if (kind === "cancelled") {
    const exitCode = interruptedCode ?? exitCodes.busy;
    const message = `Interrupted: no longer in line for ${what}.`;
    return new CliError(exitCode, message, { code: "CANCELLED" });
  }
  const by = `${heldBy(holders)}${queueLength > 0 ? `, ${queueLength} waiting` : ""}`;
  if (kind === "timeout") {
    return new CliError(exitCodes.busy, `Timed out waiting for ${what}: ${by}.`, {
      code: "TIMEOUT",
      advice: "Wait longer with --wait, or come back later.",
      retryAfterMs,
    });
  }
  return new CliError(exitCodes.busy, `${what} is busy: ${by}.`, {
    code: "HELD",
    advice:
      `Wait in line with --wait, or see more with: holdfast get ${lock.name}` +
      (lock.region === globalRegion ? " --global" : ""),
    retryAfterMs,
  });
}

function heldBy(holders: readonly TenantView[]): string {
  const [first, ...others] = holders;
  if (first === undefined) return "others are in line before you";
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  return `held by ${printOwner(first)}${more} (${first.mode}, for ${printDuration(first.ageMs)})`;
}
