import { type Command, Option } from "commander";
import { exitCodes } from "../../exit-codes.ts";
import { parseInteger } from "../../input/integer.ts";
import { examplesHelp } from "../../output/help-text.ts";
import type { Wrap } from "../../wrap.ts";
import {
  type AuditOptions,
  addAuditEndpoint,
  addWindow,
  type WindowOptions,
  windowOf,
} from "./audit-options.ts";
import { jsonBeyond, noteBeyond } from "./beyond.ts";

interface ContendedOptions extends AuditOptions, WindowOptions {
  readonly limit: string;
}

/** `holdfast audit contended`. */
export function addContended(audit: Command, wrap: Wrap): void {
  const command = audit
    .command("contended")
    .summary("the locks that were waited for most")
    .description(
      "Lists the locks of all regions and namespaces for which most requests stood in line.",
    );
  addWindow(command, "24h").addOption(
    new Option("--limit <n>", "at most so many locks").default("10"),
  );
  addAuditEndpoint(command)
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast audit contended",
        "holdfast audit contended --from 1h --limit 20",
        "holdfast audit contended --from 7d -o json | jq -r '.locks[].lock'",
      ]),
    )
    .action(
      wrap<ContendedOptions>(async (invocation, _words, options) => {
        const limit = parseInteger(options.limit, "--limit", { min: 1, max: 1_000 });
        const window = windowOf(invocation, options);
        const port = await invocation.connectAudit(options.auditEndpoint);
        const { locks, beyond } = await port.contended({ ...window, limit });
        const found = locks.map(({ lock, waiters }) => {
          const { region = "", namespace = "", name = "" } = lock ?? {};
          return { region, namespace, lock: name, waiters: Number(waiters) };
        });
        if (invocation.format === "json") {
          await invocation.printJson({ locks: found, ...jsonBeyond(beyond) });
          return exitCodes.done;
        }
        if (found.length === 0) await invocation.note("Nobody stood in line then.\n");
        else {
          await invocation.printTable(
            [
              { title: "LOCK", flexible: true },
              { title: "REGION" },
              { title: "NAMESPACE" },
              { title: "WAITED", align: "right" },
            ],
            found.map(({ region, namespace, lock, waiters }) => [
              lock,
              region,
              namespace,
              `${waiters}`,
            ]),
          );
        }
        await noteBeyond(invocation, beyond);
        return exitCodes.done;
      }),
    );
}
