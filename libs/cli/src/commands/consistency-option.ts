import type { Consistency } from "@holdfast/core/command/command";
import { type Command, Option } from "commander";

/** The option of a command that only looks. */
export interface ConsistencyOptions {
  readonly consistency: Consistency;
}

const choices = ["linearizable", "cached"] satisfies readonly Consistency[];

/** `--consistency`. */
export function addConsistencyOption(command: Command): Command {
  const what = "cached: perhaps a few seconds old, and no work for the shard";
  return command.addOption(
    new Option("--consistency <how>", what).choices(choices).default("linearizable"),
  );
}
