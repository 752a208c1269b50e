import type { CompletionCommand, CompletionOption } from "./command-tree.ts";

/** A completion script for zsh: sourced, or put into a file _holdfast on fpath. */
export function zshCompletion(tree: readonly CompletionCommand[]): string {
  return `#compdef holdfast
# zsh completion for holdfast; load it with: source <(holdfast completion zsh)
${tree.map(zshFunction).join("\n")}
if [[ $funcstack[1] == _holdfast ]]; then _holdfast "$@"; else compdef _holdfast holdfast; fi
`;
}

function zshFunction(command: CompletionCommand): string {
  const name = functionName(command.path);
  const options = command.options.map((option) => `    ${zshOption(option)} \\`).join("\n");
  if (command.subcommands.length === 0) {
    const rest =
      command.path === "exec"
        ? "'1:lock:' '*:::command:_normal'"
        : command.choices.length > 0
          ? `'1:choice:(${command.choices.join(" ")})'`
          : "'*:name:'";
    return `${name}() {\n  _arguments -S -s \\\n${options}\n    ${rest}\n}`;
  }
  const described = command.subcommands
    .map((one) => `'${one.name}:${quoted(one.summary)}'`)
    .join(" ");
  const cases = command.subcommands
    .map((one) => `    ${one.name}) ${functionName(`${command.path} ${one.name}`.trim())} ;;`)
    .join("\n");
  return `${name}() {
  local line state
  local -a commands=(${described})
  _arguments -C \\
${options}
    '1: :->command' '*:: :->argument'
  case $state in
  command) _describe -t commands 'holdfast command' commands ;;
  argument)
    case $line[1] in
${cases}
    esac ;;
  esac
}`;
}

function zshOption(option: CompletionOption): string {
  const values = option.choices.length > 0 ? `(${option.choices.join(" ")})` : "";
  const value = option.takesValue ? `:value:${values}` : "";
  const text = `[${quoted(option.summary).replaceAll("[", "\\[").replaceAll("]", "\\]")}]${value}`;
  if (option.flags.length === 1) return `'${option.flags[0]}${text}'`;
  return `'(${option.flags.join(" ")})'{${option.flags.join(",")}}'${text}'`;
}

function functionName(path: string): string {
  return `_holdfast${path === "" ? "" : `_${path.replaceAll(" ", "_")}`}`;
}

/** Inside single quotes of a zsh spec; a colon would end the field. */
function quoted(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(":", "\\:");
}
