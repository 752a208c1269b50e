import type { Command, Option } from "commander";

/** A command as completion needs it. */
export interface CompletionCommand {
  /** Empty for the program itself, `shard ls` for a command of a command. */
  readonly path: string;
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  readonly subcommands: readonly { readonly name: string; readonly summary: string }[];
  /** The words its first argument may be; empty where it may be anything. */
  readonly choices: readonly string[];
}

/** An option as completion needs it. */
export interface CompletionOption {
  /** `-o` and `--output`, whichever there are. */
  readonly flags: readonly string[];
  readonly summary: string;
  readonly takesValue: boolean;
  /** The values it may have; empty where it may be anything. */
  readonly choices: readonly string[];
}

/** Every command of `program`, itself first, read from the definitions: none is forgotten. */
export function commandTree(program: Command): CompletionCommand[] {
  const shared = program.options.map(asOption);
  const walk = (command: Command, path: string): CompletionCommand[] => {
    const own = command === program ? [] : command.options.map(asOption);
    const subcommands = command.commands.map((one) => ({
      name: one.name(),
      summary: one.summary() || one.description(),
    }));
    const choices = command.registeredArguments[0]?.argChoices ?? [];
    const summary = command.summary() || command.description();
    const options = [...own, ...shared, help];
    return [
      { path, summary, options, subcommands, choices },
      ...command.commands.flatMap((one) => walk(one, `${path} ${one.name()}`.trim())),
    ];
  };
  return walk(program, "");
}

const help: CompletionOption = {
  flags: ["-h", "--help"],
  summary: "explain a command",
  takesValue: false,
  choices: [],
};

function asOption(option: Option): CompletionOption {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined);
  const takesValue = option.required || option.optional;
  return { flags, summary: option.description, takesValue, choices: option.argChoices ?? [] };
}
