import type { Command } from "commander";
import { exitCodes } from "../exit-codes.ts";
import { printHandle } from "../input/handle.ts";
import { examplesHelp } from "../output/help-text.ts";
import type { Wrap } from "../wrap.ts";
import { placeName } from "./global-option.ts";
import { addGrantArguments, type GrantOptions, resolveGrant } from "./which-grant.ts";

/** `holdfast release HANDLE`: gives a grant up, from any process and through any endpoint. */
export function addRelease(program: Command, wrap: Wrap): void {
  const command = program
    .command("release")
    .summary("give up a lock that acquire took")
    .description(
      "Gives up one grant: by its handle, or by the lock's name and its token where that names one " +
        "grant. Exits with 70 where it is not held any more.",
    );
  addGrantArguments(command)
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast release HANDLE",
        "holdfast release order:12345 --token 17592186044423 --region us-east-1",
        "holdfast acquire order:12345 -o json | holdfast release -",
      ]),
    )
    .action(
      wrap<GrantOptions>(async (invocation, [word = ""], options) => {
        const { client, handle } = await resolveGrant(invocation, word, options);
        await client.release(handle);
        const { region, namespace, name } = handle.lock;
        const { token } = handle;
        if (invocation.format === "json") {
          const lock = { region, namespace, lock: name, token };
          await invocation.printJson({ released: true, handle: printHandle(handle), ...lock });
        } else {
          await invocation.print(`released ${name} in ${placeName(region)} (token ${token})\n`);
        }
        return exitCodes.done;
      }),
    );
}
