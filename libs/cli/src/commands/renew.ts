import { limits } from "@holdfast/core/limits";
import { isGlobal } from "@holdfast/core/lock/lock-id";
import { type Command, Option } from "commander";
import { exitCodes } from "../exit-codes.ts";
import { parseBoundedDuration, printDuration } from "../input/duration.ts";
import { printHandle } from "../input/handle.ts";
import { examplesHelp } from "../output/help-text.ts";
import type { Wrap } from "../wrap.ts";
import { placeName } from "./global-option.ts";
import { addGrantArguments, type GrantOptions, resolveGrant } from "./which-grant.ts";

const ttlDefaultMs = 30_000;

function parseTtl(word: string | undefined): number | undefined {
  return word === undefined ? undefined : parseBoundedDuration(word, "--ttl", limits.localTtlMs);
}

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
    .addOption(
      new Option(
        "--ttl <time>",
        "how long it is yours from now on; a global lock keeps its ttl",
      ).default(undefined, "30s"),
    )
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast renew HANDLE --ttl 30s",
        "holdfast renew order:12345 --token 17592186044423 --ttl 5m",
        "while holdfast renew HANDLE --ttl 30s; do sleep 10; done",
      ]),
    )
    .action(
      wrap<GrantOptions & { readonly ttl?: string }>(async (invocation, [word = ""], options) => {
        // Before anything is asked: a wrong word must not cost a connection.
        const askedMs = parseTtl(options.ttl);
        const { client, handle } = await resolveGrant(invocation, word, options);
        const ttlMs = isGlobal(handle.lock) ? handle.ttlMs : ttlDefaultMs;
        const { validForMs } = await client.renew(handle, askedMs ?? ttlMs);
        const { region, namespace, name } = handle.lock;
        const { token } = handle;
        if (invocation.format === "json") {
          const lock = { region, namespace, lock: name, token, validForMs };
          await invocation.printJson({ renewed: true, handle: printHandle(handle), ...lock });
        } else {
          const validFor = printDuration(validForMs);
          await invocation.print(
            `renewed ${name} in ${placeName(region)} for ${validFor} (token ${token})\n`,
          );
        }
        return exitCodes.done;
      }),
    );
}
