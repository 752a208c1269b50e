import { type Command, Option } from "commander";
import type { WatchEvent, WatchQuery } from "../connection/client-port.ts";
import { exitCodes } from "../exit-codes.ts";
import { checkedName } from "../input/lock-name.ts";
import { type Invocation, OutputClosedError } from "../invocation.ts";
import { examplesHelp } from "../output/help-text.ts";
import { shortGrant } from "../output/short-grant.ts";
import { printable } from "../output/table.ts";
import { jsonTenant, printMetadata } from "../output/tenant.ts";
import type { Wrap } from "../wrap.ts";
import {
  addGlobalOption,
  placeName,
  regionOf,
  type ScopeOptions,
  scopeOf,
} from "./global-option.ts";
import { Interruption } from "./interruption.ts";

interface WatchOptions extends ScopeOptions {
  readonly current: boolean;
}

/** `holdfast watch NAME`: one line for each event, until Ctrl-C. */
export function addWatch(program: Command, wrap: Wrap): void {
  const command = program
    .command("watch")
    .argument("<name>", "a lock, or a prefix that ends in * (quote it for your shell)")
    .summary("print a line for everything that happens to a lock")
    .description(
      "Prints one line for each event, until Ctrl-C, and exits with 0 then. Begins with the current " +
        "holders. WatchRestarted says that events may be missing before it.",
    )
    .addOption(new Option("--no-current", "leave the current holders out"));
  addGlobalOption(command, "global locks")
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast watch order:12345",
        "holdfast watch 'order:*'",
        "holdfast watch '*' -o json | jq --unbuffered -r .kind",
      ]),
    )
    .action(
      wrap<WatchOptions>(async (invocation, [word = ""], options) => {
        const prefix = word.endsWith("*");
        const name = prefix ? word.slice(0, -1) : checkedName(word);
        const scope = scopeOf(options);
        await follow(invocation, { name, scope, prefix, withCurrent: options.current });
        return exitCodes.done;
      }),
    );
}

async function follow(invocation: Invocation, query: WatchQuery): Promise<void> {
  const { edge } = invocation;
  const interruption = new Interruption(edge);
  const closed = new AbortController();
  // A quiet lock writes nothing, so without this a watch into a dead pipe would stay for ever.
  const forget = edge.onStdoutClosed(() => closed.abort());
  const signal = AbortSignal.any([interruption.signal, closed.signal]);
  try {
    const client = await invocation.connect({ scope: query.scope });
    const place = placeName(regionOf(query.scope, client));
    const what = query.prefix ? `${query.name}*` : query.name;
    await invocation.hint(`watching ${what} in ${place}; Ctrl-C ends it\n`);
    for await (const event of client.watch(query, signal)) await printEvent(invocation, event);
  } catch (error) {
    if (!(error instanceof OutputClosedError) && !signal.aborted) throw error;
  } finally {
    forget();
    interruption.end();
  }
}

function printEvent(invocation: Invocation, event: WatchEvent): Promise<void> {
  const time = new Date(invocation.edge.clock.wallMs()).toISOString();
  const label = `${time.slice(11, 23)}  ${invocation.paint("bold", event.kind.padEnd(14))}`;
  if (event.kind === "WatchRestarted") {
    if (invocation.format === "json") return invocation.printJsonLine({ time, ...event });
    return invocation.print(`${label}  ${printable(event.why)}\n`);
  }
  const { kind, region, namespace, name, tenant, shard, revision } = event;
  if (invocation.format === "json") {
    const lock = { kind, region, namespace, lock: name, shard, revision };
    return invocation.printJsonLine({ time, ...lock, tenant: jsonTenant(tenant) });
  }
  const token = tenant.token === 0n ? "" : `token=${tenant.token}`;
  // Who ended a lock the store no longer knows; its grant is what joins it to the earlier line.
  const grant = `grant=${shortGrant(tenant.grantId)}`;
  const about = [tenant.mode, grant, token, tenant.owner, printMetadata(tenant.metadata)];
  const words = about.filter((word) => word !== "").map(printable);
  return invocation.print(`${[label, name, ...words].join("  ")}\n`);
}
