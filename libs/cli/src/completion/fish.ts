import type { CompletionCommand, CompletionOption } from "./command-tree.ts";

/** A completion script for fish 3 and newer. */
export function fishCompletion(tree: readonly CompletionCommand[]): string {
  return `# fish completion for holdfast; load it with: holdfast completion fish | source
function __holdfast_path
    # The command words typed so far, as far as they are ours; :rest once another command has begun.
    set -l words (commandline -opc)
    if contains -- -- $words
        echo :rest
        return
    end
    set -l path
    for word in $words[2..-1]
        if contains -- "$path $word" ${tree.map((one) => `" ${one.path}"`).join(" ")}
            set path "$path $word"
        end
    end
    echo (string trim -- "$path")
end
function __holdfast_at
    test (__holdfast_path) = "$argv[1]"
end
function __holdfast_rest
    # What follows -- is another command, with completions of its own.
    set -l words (commandline -opc) (commandline -ct)
    set -l begin (math (contains -i -- -- $words) + 1)
    complete -C (string join -- ' ' $words[$begin..-1])
end
complete -c holdfast -f
complete -c holdfast -n '__holdfast_at :rest' -a '(__holdfast_rest)'
${tree.flatMap(linesOf).join("\n")}
`;
}

function linesOf(command: CompletionCommand): string[] {
  const at = `complete -c holdfast -n '__holdfast_at "${command.path}"'`;
  return [
    ...command.subcommands.map((one) => `${at} -a ${one.name} -d '${quoted(one.summary)}'`),
    ...(command.choices.length > 0 ? [`${at} -a '${command.choices.join(" ")}'`] : []),
    ...command.options.map((option) => `${at} ${fishOption(option)}`),
  ];
}

function fishOption(option: CompletionOption): string {
  const flags = option.flags.map((flag) =>
    flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  const values = option.choices.length > 0 ? ` -a '${option.choices.join(" ")}'` : "";
  const value = option.takesValue ? ` -x${values}` : "";
  return `${flags.join(" ")}${value} -d '${quoted(option.summary)}'`;
}

function quoted(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
}
