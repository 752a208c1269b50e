import { HoldfastError } from "@holdfast/client/holdfast-error";
import { CliError, failureError } from "../cli-error.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Refusal } from "./client-port.ts";

/** Runs `call`, and turns the SDK's errors into the CLI's. */
export async function guard<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    throw cliErrorOf(error);
  }
}

/** Each item of `source` as `view` shows it, with the SDK's errors turned into the CLI's. */
export async function* guarded<Item, View>(
  source: AsyncIterable<Item>,
  view: (item: Item) => View,
): AsyncIterable<View> {
  try {
    for await (const item of source) yield view(item);
  } catch (error) {
    throw cliErrorOf(error);
  }
}

/** The answer in the error of an acquire that reached one; `aborted`: we ended it ourselves. */
export function refusalOf(error: HoldfastError, aborted: boolean): Refusal | undefined {
  const { holders = [], queueLength = 0, retryAfterMs } = error.details;
  switch (error.code) {
    case "HELD":
      return { kind: "held", holders, queueLength, retryAfterMs };
    case "TIMEOUT":
      return { kind: "timeout", holders, queueLength };
    case "CANCELLED":
      return aborted ? { kind: "cancelled", holders, queueLength } : undefined;
    default:
      return undefined;
  }
}

function cliErrorOf(error: unknown): unknown {
  if (!(error instanceof HoldfastError)) return error;
  const { code, message } = error;
  switch (code) {
    case "HELD":
    case "TIMEOUT":
    case "CANCELLED":
    case "DEADLOCK":
      return new CliError(exitCodes.busy, message, { code, cause: error });
    default: {
      const { field, shard, regions, retryAfterMs } = error.details;
      const details = {
        ...(field === undefined ? {} : { field }),
        ...(shard === undefined ? {} : { shard }),
        ...(regions === undefined ? {} : { regions }),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      };
      return failureError({ kind: "failure", code, message, ...details }, error);
    }
  }
}
