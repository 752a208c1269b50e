import { limits } from "@holdfast/core/limits";
import { type Command, Option } from "commander";
import type { ListEntry } from "../connection/client-port.ts";
import { exitCodes } from "../exit-codes.ts";
import { printDuration } from "../input/duration.ts";
import { parseInteger } from "../input/integer.ts";
import { takeFirst } from "../input/take-first.ts";
import type { Invocation } from "../invocation.ts";
import { examplesHelp } from "../output/help-text.ts";
import { jsonTenant, printMetadata, printOwner } from "../output/tenant.ts";
import type { Wrap } from "../wrap.ts";
import { addConsistencyOption, type ConsistencyOptions } from "./consistency-option.ts";
import {
  addGlobalOption,
  placeName,
  regionOf,
  type ScopeOptions,
  scopeOf,
} from "./global-option.ts";

interface LsOptions extends ScopeOptions, ConsistencyOptions {
  readonly limit: string;
}

const limitBounds = { min: 1, max: 1_000_000 };

/** `holdfast ls [PREFIX]`: what is held in a region. */
export function addLs(program: Command, wrap: Wrap): void {
  const command = program
    .command("ls")
    .argument("[prefix]", "only names that begin with it", "")
    .summary("list the locks that are held")
    .description(
      "Lists the held locks of a region with their holders, shard by shard and by name in each. It " +
        "reads page by page: what changes meanwhile may or may not be there.",
    )
    .addOption(new Option("--limit <n>", "at most so many").default("1000"));
  addConsistencyOption(addGlobalOption(command, "the global locks"))
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast ls",
        "holdfast ls order: --limit 20",
        "holdfast ls --global",
        "holdfast ls --region eu-west-1 -o json | jq -r '.locks[].lock'",
      ]),
    )
    .action(
      wrap<LsOptions>(async (invocation, [pattern = ""], options) => {
        const prefix = pattern.replace(/\*$/, "");
        const limit = parseInteger(options.limit, "--limit", limitBounds);
        const scope = scopeOf(options);
        const client = await invocation.connect({ scope });
        const region = regionOf(scope, client);
        const pageSize = Math.min(limits.pageSizeMax, limit);
        const listed = client.list(prefix, pageSize, scope, options.consistency);
        const { items: entries, more } = await takeFirst(listed, limit);
        if (invocation.format === "json") {
          const locks = entries.map(({ name, holder }) => ({ lock: name, ...jsonTenant(holder) }));
          await invocation.printJson({ region, namespace: invocation.namespace, locks, more });
        } else {
          await printEntries(invocation, entries, placeName(region), prefix);
          if (more) await invocation.note(`There are more; show them with --limit.\n`);
        }
        return exitCodes.done;
      }),
    );
}

async function printEntries(
  invocation: Invocation,
  entries: readonly ListEntry[],
  place: string,
  prefix: string,
): Promise<void> {
  if (entries.length === 0) {
    const which = prefix === "" ? "No locks" : `No locks that begin with ${prefix}`;
    await invocation.note(`${which} are held in ${place}, namespace ${invocation.namespace}.\n`);
    return;
  }
  await invocation.printTable(
    [
      { title: "LOCK", flexible: true },
      { title: "MODE" },
      { title: "OWNER", flexible: true },
      { title: "TOKEN", align: "right" },
      { title: "FOR", align: "right" },
      { title: "TTL", align: "right" },
      { title: "METADATA", flexible: true },
    ],
    entries.map(({ name, holder }) => [
      name,
      holder.mode,
      printOwner(holder),
      holder.token.toString(),
      printDuration(holder.ageMs),
      printDuration(holder.ttlMs),
      printMetadata(holder.metadata),
    ]),
  );
}
