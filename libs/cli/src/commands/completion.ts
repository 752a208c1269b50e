import { Argument, type Command } from "commander";
import { bashCompletion } from "../completion/bash.ts";
import { type CompletionCommand, commandTree } from "../completion/command-tree.ts";
import { fishCompletion } from "../completion/fish.ts";
import { zshCompletion } from "../completion/zsh.ts";
import { exitCodes } from "../exit-codes.ts";
import { examplesHelp } from "../output/help-text.ts";
import type { Wrap } from "../wrap.ts";

type Shell = "bash" | "zsh" | "fish";

const scripts: Readonly<Record<Shell, (tree: readonly CompletionCommand[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** `holdfast completion bash|zsh|fish`: prints a script for the shell to load. */
export function addCompletion(program: Command, wrap: Wrap): void {
  program
    .command("completion")
    .addArgument(new Argument("<shell>", "whose").choices(Object.keys(scripts)))
    .summary("print a completion script for a shell")
    .description("Prints a script that makes a shell complete commands, options and their values.")
    .addHelpText(
      "after",
      examplesHelp([
        "source <(holdfast completion bash)          (in ~/.bashrc)",
        "source <(holdfast completion zsh)           (in ~/.zshrc, after compinit)",
        "holdfast completion fish > ~/.config/fish/completions/holdfast.fish",
      ]),
    )
    .action(
      wrap(async (invocation, [shell = ""]) => {
        await invocation.print(scripts[shell as Shell](commandTree(program)));
        return exitCodes.done;
      }),
    );
}
