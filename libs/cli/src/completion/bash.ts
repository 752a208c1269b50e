import type { CompletionCommand } from "./command-tree.ts";

/** A completion script for bash 3.2 and newer, as macOS still has it. */
export function bashCompletion(tree: readonly CompletionCommand[]): string {
  const options = tree.flatMap((command) => command.options);
  const valued = new Set(options.filter((one) => one.takesValue).flatMap((one) => one.flags));
  const chosen = new Map(
    options
      .filter((one) => one.choices.length > 0)
      .map((one) => [one.flags.join("|"), one.choices]),
  );
  const free = [...valued].filter(
    (flag) => ![...chosen.keys()].join("|").split("|").includes(flag),
  );
  const choices = [...chosen].map(
    ([flags, words]) => `    ${flags}) words='${words.join(" ")}' ;;`,
  );
  const commands = tree.map((command) => {
    const names = command.subcommands.map((one) => one.name);
    const flags = command.options.flatMap((one) => one.flags.filter((flag) => flag.length > 2));
    const words = [...names, ...command.choices].join(" ");
    return `    '${command.path}') words='${words}'; flags='${flags.join(" ")}' ;;`;
  });
  const nested = tree.filter((command) => command.path !== "").map(({ path }) => `'${path}'`);
  return `# bash completion for holdfast; load it with: source <(holdfast completion bash)
_holdfast() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local path='' words='' flags='' word next i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
    --)
      # What follows is another command, with completions of its own.
      if declare -F _command_offset >/dev/null; then _command_offset $((i + 1)); else
        COMPREPLY=($(compgen -c -f -- "$cur"))
      fi
      return ;;
    ${[...valued].join("|")}) ((i++)) ;;
    -*) ;;
    *)
      next=\${path:+$path }$word
      case $next in ${nested.join("|")}) path=$next ;; esac ;;
    esac
  done
  case $prev in
${choices.join("\n")}
    ${free.join("|")}) return ;;
  esac
  if [[ -z $words ]]; then
    case $path in
${commands.join("\n")}
    esac
    [[ $cur == -* ]] && words=$flags
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _holdfast holdfast
`;
}
