import { limits } from "@holdfast/core/limits";
import { type Command, Option } from "commander";
import type { SessionView } from "../connection/client-port.ts";
import { exitCodes } from "../exit-codes.ts";
import { printDuration } from "../input/duration.ts";
import { parseInteger } from "../input/integer.ts";
import { takeFirst } from "../input/take-first.ts";
import { examplesHelp } from "../output/help-text.ts";
import type { Wrap } from "../wrap.ts";

const limitBounds = { min: 1, max: 100_000 };

/** `holdfast sessions`: whose liveness the region's shards keep. */
export function addSessions(program: Command, wrap: Wrap): void {
  program
    .command("sessions")
    .summary("list the sessions of a region")
    .description(
      "Lists the sessions with a lease in the region: a line for each shard a session uses. The ids " +
        "are masked, for who knows one owns the session.",
    )
    .addOption(new Option("--limit <n>", "at most so many lines").default("1000"))
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast sessions",
        "holdfast sessions --region eu-west-1 --limit 20",
        "holdfast sessions -o json | jq '.sessions | length'",
      ]),
    )
    .action(
      wrap<{ readonly limit: string }>(async (invocation, _args, options) => {
        const limit = parseInteger(options.limit, "--limit", limitBounds);
        const client = await invocation.connect();
        const listed = client.sessions(Math.min(limits.pageSizeMax, limit));
        const { items: sessions, more } = await takeFirst(listed, limit);
        if (invocation.format === "json") {
          await invocation.printJson({ region: client.region, sessions, more });
          return exitCodes.done;
        }
        if (sessions.length === 0) await invocation.note(`No sessions in ${client.region}.\n`);
        else await invocation.printTable(columns, sessions.map(row));
        if (more) await invocation.note("There are more; show them with --limit.\n");
        return exitCodes.done;
      }),
    );
}

const columns = [
  { title: "SESSION" },
  { title: "SHARD" },
  { title: "ENDS IN", align: "right" },
  { title: "HOLDS", align: "right" },
  { title: "WAITS", align: "right" },
] as const;

function row(session: SessionView): string[] {
  const { maskedId, shard, remainingMs, holderCount, waiterCount } = session;
  return [maskedId, shard, printDuration(remainingMs), `${holderCount}`, `${waiterCount}`];
}
