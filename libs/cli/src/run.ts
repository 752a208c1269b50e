import { type Command, CommanderError } from "commander";
import { CliError } from "./cli-error.ts";
import type { Edge } from "./edge.ts";
import { exitCodes } from "./exit-codes.ts";
import { type Format, Invocation, OutputClosedError, type SharedOptions } from "./invocation.ts";
import { overview } from "./output/overview.ts";
import { printError } from "./output/print-error.ts";
import { buildProgram } from "./program.ts";
import type { Body } from "./wrap.ts";

/** Runs one command line and says what the process should end with; never rejects. */
export async function run(argv: readonly string[], edge: Edge): Promise<number> {
  let exitCode: number = exitCodes.done;
  const captured: string[] = [];
  const wrap =
    <Options>(body: Body<Options>) =>
    async (...received: unknown[]) => {
      exitCode = await runBody(edge, body, received);
    };
  try {
    if (argv.length === 0) {
      await edge.stdout.write(overview(edge));
      return exitCode;
    }
    const program = buildProgram(edge, wrap, (text) => captured.push(text));
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof OutputClosedError) return exitCodes.done;
    return await reportEnd(error, argv, edge, captured.join(""));
  }
}

async function runBody<Options>(
  edge: Edge,
  body: Body<Options>,
  received: unknown[],
): Promise<number> {
  const command = received.pop() as Command;
  const options = received.pop() as Options;
  const words = received.flat().filter((word) => word !== undefined) as string[];
  const invocation = new Invocation(edge, command.optsWithGlobals<SharedOptions>());
  try {
    return await body(invocation, words, options, command);
  } finally {
    await invocation.close();
  }
}

async function reportEnd(
  error: unknown,
  argv: readonly string[],
  edge: Edge,
  captured: string,
): Promise<number> {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) {
      await edge.stdout.write(captured);
      return exitCodes.done;
    }
    // `holdfast shard` alone: its help is the answer, and on stderr for it is not what was asked.
    if (error.code === "commander.help" && argv[0] !== "help") {
      await edge.stderr.write(captured);
      return exitCodes.usage;
    }
    const message =
      error.code === "commander.help"
        ? `Unknown command '${argv[1]}'.`
        : error.message.replace(/^error: /, "");
    const usage = new CliError(exitCodes.usage, capitalized(message), {
      code: "USAGE",
      advice: adviceFor(argv),
    });
    return await printError(usage, formatOf(argv), edge);
  }
  return await printError(error, formatOf(argv), edge);
}

/** The format asked for, as far as it can be told where the arguments did not parse. */
function formatOf(argv: readonly string[]): Format {
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  const json = words.some((word, index) => {
    const value = word === "-o" || word === "--output" ? words[index + 1] : undefined;
    return value === "json" || word === "-ojson" || word === "--output=json" || word === "--json";
  });
  return json ? "json" : "table";
}

function adviceFor(argv: readonly string[]): string {
  if (argv[0] === "exec" && !argv.includes("--")) {
    return "Put the command after --, as in: holdfast exec NAME -- command --its-option";
  }
  return `See ${["holdfast", ...commandWords(argv)].join(" ")} --help`;
}

/** The command of which the help may explain the mistake. */
function commandWords(argv: readonly string[]): string[] {
  const [first = "", second = ""] = argv;
  if (!knownCommands.has(first)) return [];
  return knownSubcommands.get(first)?.has(second) ? [first, second] : [first];
}

const knownCommands: ReadonlySet<string> = new Set(
  "acquire try release renew exec get ls watch sessions shard region audit bench doctor completion".split(
    " ",
  ),
);

const knownSubcommands: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["shard", new Set(["ls", "locate"])],
  ["audit", new Set("tail timeline at session contended verify export archived".split(" "))],
]);

function capitalized(text: string): string {
  const [first = "", ...rest] = text.split("\n");
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  return [/[.?!]$/.test(sentence) ? sentence : `${sentence}.`, ...rest].join(" ");
}
