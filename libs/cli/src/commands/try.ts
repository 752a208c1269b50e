import type { Command } from "commander";
import { examplesHelp } from "../output/help-text.ts";
import type { Wrap } from "../wrap.ts";
import { addLeaseOptions } from "./acquire.ts";
import { type LeaseOptions, takeLease } from "./take-lease.ts";

/** `holdfast try NAME`: `acquire` without waiting. */
export function addTry(program: Command, wrap: Wrap): void {
  const command = program
    .command("try")
    .argument("<name>", "the lock")
    .summary("take a lock if it is free")
    .description(
      "Takes a lock as acquire does, but never waits: where somebody else has it, it says who and " +
        "exits with 75.",
    );
  addLeaseOptions(command)
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast try order:12345 --ttl 30s",
        "holdfast try nightly-report -o json",
        "holdfast try leader --global",
        "holdfast try nightly-report --quiet || echo somebody else does it",
      ]),
    )
    .action(
      wrap<LeaseOptions>((invocation, [name = ""], options) =>
        takeLease(invocation, name, options, "0"),
      ),
    );
}
