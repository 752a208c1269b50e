import { type Command, Option } from "commander";
import { usageError } from "../../cli-error.ts";
import { parseMoment } from "../../input/moment.ts";
import type { Invocation } from "../../invocation.ts";

/** What every command about the record takes. */
export interface AuditOptions {
  readonly auditEndpoint?: string;
}

/** `--audit-endpoint`. */
export function addAuditEndpoint(command: Command): Command {
  return command.addOption(
    new Option(
      "--audit-endpoint <host:port>",
      "who is asked (else HOLDFAST_AUDIT_ENDPOINT, else found by itself)",
    ),
  );
}

/** The options of a window. */
export interface WindowOptions {
  readonly from?: string;
  readonly to?: string;
}

/** `--from` and `--to`. */
export function addWindow(command: Command, fromDefault: string): Command {
  const when = "ago (2h, 1d), a time in UTC (2026-01-31T12:00, 2026-01-31), or start";
  return command
    .addOption(new Option("--from <time>", `from then on: ${when}`).default(fromDefault))
    .addOption(new Option("--to <time>", "up to then; else up to now"));
}

/** The window that the options mean, for the wire. */
export function windowOf(
  { edge }: Invocation,
  { from = "start", to }: WindowOptions,
): { readonly fromMs: bigint; readonly toMs: bigint } {
  const nowMs = edge.clock.wallMs();
  const fromMs = parseMoment(from, "--from", nowMs);
  const toMs = to === undefined ? 0 : parseMoment(to, "--to", nowMs);
  if (to !== undefined && toMs < fromMs) {
    throw usageError("--to is before --from.", "Swap them: --from is the earlier one.");
  }
  return { fromMs: BigInt(fromMs), toMs: BigInt(toMs) };
}

/** `--limit` and `--after`, of what is read page after page. */
export function addPaging(command: Command): Command {
  return command
    .addOption(new Option("--limit <n>", "at most so many events").default("1000"))
    .addOption(new Option("--after <token>", "go on where an earlier answer ended"));
}

/** The bounds of `--limit`. */
export const limitBounds = { min: 1, max: 1_000_000 };
/** The most that one question gets. */
export const pageRows = 1_000;
