import type { Command } from "commander";
import { exitCodes } from "../../exit-codes.ts";
import { parseInteger } from "../../input/integer.ts";
import { checkedName } from "../../input/lock-name.ts";
import { examplesHelp } from "../../output/help-text.ts";
import type { Wrap } from "../../wrap.ts";
import { addGlobalOption, type ScopeOptions, scopeOf } from "../global-option.ts";
import {
  type AuditOptions,
  addAuditEndpoint,
  addPaging,
  addWindow,
  limitBounds,
  type WindowOptions,
  windowOf,
} from "./audit-options.ts";
import { printPages, readPages } from "./record-pages.ts";

interface TimelineOptions extends AuditOptions, ScopeOptions, WindowOptions {
  readonly limit: string;
  readonly after?: string;
}

/** `holdfast audit timeline LOCK`. */
export function addTimeline(audit: Command, wrap: Wrap): void {
  const command = audit
    .command("timeline")
    .argument("<lock>", "the lock")
    .summary("what happened to a lock, oldest first")
    .description(
      "Prints what happened to a lock, oldest first. Of a global lock each region's copy tells; the " +
        "table has each event once, with the regions that showed it: two are a quorum.",
    );
  addPaging(addWindow(addGlobalOption(command, "a global lock"), "24h"));
  addAuditEndpoint(command)
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast audit timeline order:12345",
        "holdfast audit timeline order:12345 --from 2026-01-31T12:00 --to 2026-01-31T12:30",
        "holdfast audit timeline billing-run --global --from 7d",
        "holdfast audit timeline order:12345 -o json | jq -r '.events[] | [.time, .kind] | @tsv'",
      ]),
    )
    .action(
      wrap<TimelineOptions>(async (invocation, [word = ""], options) => {
        const name = checkedName(word);
        const limit = parseInteger(options.limit, "--limit", limitBounds);
        const window = windowOf(invocation, options);
        const port = await invocation.connectAudit(options.auditEndpoint);
        const lock = await invocation.lockId(name, scopeOf(options));
        const pages = await readPages(limit, options.after ?? "", (page) =>
          port.timeline({ lock, ...window, ...page }),
        );
        const { region, namespace } = lock;
        const nothing = `Nothing is recorded of ${name} in ${region}, namespace ${namespace}, then.`;
        await printPages(invocation, pages, { region, namespace, lock: name }, nothing);
        return exitCodes.done;
      }),
    );
}
