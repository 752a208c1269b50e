import { type Command, Option } from "commander";
import { examplesHelp } from "../output/help-text.ts";
import type { Wrap } from "../wrap.ts";
import { addGlobalOption } from "./global-option.ts";
import { type LeaseOptions, takeLease } from "./take-lease.ts";

/** `holdfast acquire NAME`: takes a lock that stays held when the command has ended. */
export function addAcquire(program: Command, wrap: Wrap): void {
  const command = program
    .command("acquire")
    .argument("<name>", "the lock")
    .summary("take a lock and print its handle")
    .description(
      "Takes a lock with a ttl of its own, prints a handle and leaves it held: until it is released " +
        "or its ttl ends. Waits in line where somebody else has it.",
    );
  addLeaseOptions(command)
    .addOption(new Option("--wait <time>", "how long to wait in line; 0 is a try").default("10s"))
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast acquire order:12345 --ttl 30s",
        "holdfast acquire order:12345 --ttl 2m --wait 1m --metadata by=alice",
        "holdfast acquire report --shared --region eu-west-1 -o json",
        "holdfast acquire leader --global",
        'handle=$(holdfast acquire order:12345 --quiet) && holdfast release "$handle"',
        "holdfast acquire order:12345 -o json | holdfast release -",
      ]),
    )
    .action(
      wrap<LeaseOptions & { readonly wait: string }>((invocation, [name = ""], options) =>
        takeLease(invocation, name, options, options.wait),
      ),
    );
}

/** The options that `acquire` and `try` share. */
export function addLeaseOptions(command: Command): Command {
  command
    .addOption(new Option("--ttl <time>", "how long it is yours without a renewal").default("30s"))
    .option("--shared", "hold it together with others that ask for the same");
  return addMetadataOption(addGlobalOption(command)).option(
    "-q, --quiet",
    "print the handle alone",
  );
}

/** `--metadata key=value`, any number of times. */
export function addMetadataOption(command: Command): Command {
  return command.addOption(
    new Option("--metadata <key=value>", "shown to others; may be given several times")
      .default([], "none")
      .argParser((pair: string, pairs: readonly string[]) => [...pairs, pair]),
  );
}
