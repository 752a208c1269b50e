import { CliError } from "../cli-error.ts";
import type { Edge } from "../edge.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Format } from "../invocation.ts";
import { renderJson } from "./json.ts";
import { paintFor } from "./paint.ts";
import { printable } from "./table.ts";
import { wrapText } from "./wrap-text.ts";

const label = "holdfast:";
const indent = 2;

/** Says on stderr what happened, why, and what to do. Returns the exit code it stands for. */
export async function printError(error: unknown, format: Format, edge: Edge): Promise<number> {
  const known = error instanceof CliError ? error : unexpected(error);
  const debug = (edge.env.HOLDFAST_DEBUG ?? "") === "1";
  await edge.stderr.write(format === "json" ? asJson(known) : asText(known, edge));
  if (debug) await edge.stderr.write(`${traceOf(error)}\n`);
  return known.exitCode;
}

function asText(error: CliError, edge: Edge): string {
  const { stderr } = edge;
  const paint = paintFor(stderr, edge.env);
  const columns = stderr.isTerminal ? stderr.columns : undefined;
  const { advice } = error.details;
  const what = wrapText(printable(error.message), columns, indent, label.length + 1);
  const first = `${paint("red", label)} ${what}\n`;
  if (advice === undefined) return first;
  return `${first}${" ".repeat(indent)}${wrapText(printable(advice), columns, indent)}\n`;
}

function asJson(error: CliError): string {
  const { code = "FAILED", advice, field, shard, regions, retryAfterMs } = error.details;
  const { message, exitCode } = error;
  const what = { code, message, advice, field, shard, regions, retryAfterMs, exitCode };
  return renderJson({ error: what });
}

function unexpected(error: unknown): CliError {
  const message = error instanceof Error ? error.message : String(error);
  return new CliError(exitCodes.failed, `Something went wrong inside the CLI: ${message}`, {
    code: "INTERNAL",
    advice: "Run it again with HOLDFAST_DEBUG=1 to see where, and report it.",
    cause: error,
  });
}

function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const trace = error.stack ?? error.message;
  return error.cause === undefined ? trace : `${trace}\nCaused by: ${traceOf(error.cause)}`;
}
