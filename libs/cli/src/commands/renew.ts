import { limits } from "@holdfast/core/limits";
import { type Command, Option } from "commander";
import { exitCodes } from "../exit-codes.ts";
import { parseBoundedDuration, printDuration } from "../input/duration.ts";
import { printHandle } from "../input/handle.ts";
import { examplesHelp } from "../output/help-text.ts";
import type { Wrap } from "../wrap.ts";
import { addGrantArguments, type GrantOptions, resolveGrant } from "./which-grant.ts";

/** `holdfast renew HANDLE`: makes a grant last a ttl from now. */
export function addRenew(program: Command, wrap: Wrap): void {
  const command = program
    .command("renew")
    .summary("keep a lock that acquire took for longer")
    .description(
      "Lets a grant last one ttl from now: by its handle, or by the lock's name and its token where " +
        "that names one grant. Exits with 70 where it is not held any more.",
    );
  addGrantArguments(command)
    .addOption(new Option("--ttl <time>", "how long it is yours from now on").default("30s"))
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast renew HANDLE --ttl 30s",
        "holdfast renew order:12345 --token 17592186044423 --ttl 5m",
        "while holdfast renew HANDLE --ttl 30s; do sleep 10; done",
      ]),
    )
    .action(
      wrap<GrantOptions & { readonly ttl: string }>(async (invocation, [word = ""], options) => {
        const ttlMs = parseBoundedDuration(options.ttl, "--ttl", limits.localTtlMs);
        const { client, handle } = await resolveGrant(invocation, word, options);
        const { validForMs } = await client.renew(handle, ttlMs);
        const { region, namespace, name } = handle.lock;
        const { token } = handle;
        if (invocation.format === "json") {
          const lock = { region, namespace, lock: name, token, validForMs };
          await invocation.printJson({ renewed: true, handle: printHandle(handle), ...lock });
        } else {
          const validFor = printDuration(validForMs);
          await invocation.print(`renewed ${name} in ${region} for ${validFor} (token ${token})\n`);
        }
        return exitCodes.done;
      }),
    );
}
