import type { Command } from "commander";
import { examine } from "../doctor/examine.ts";
import type { Finding, Level } from "../doctor/finding.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Invocation } from "../invocation.ts";
import { examplesHelp } from "../output/help-text.ts";
import { printable } from "../output/table.ts";
import { wrapText } from "../output/wrap-text.ts";
import type { Wrap } from "../wrap.ts";

/** `holdfast doctor`: looks at everything that could be wrong, and says what to do about it. */
export function addDoctor(program: Command, wrap: Wrap): void {
  program
    .command("doctor")
    .summary("find out what is wrong")
    .description(
      "Looks at this machine, the endpoints and the stores behind them, and prints a line for each: " +
        "ok, warn or fail, with the way out. Takes and gives back one short lock in each region. " +
        "Exits with 1 if anything fails.",
    )
    .option("--json", "the same as -o json")
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast doctor",
        "holdfast doctor --json | jq '.findings[] | select(.advice)'",
      ]),
    )
    .action(
      wrap<{ readonly json?: boolean }>(async (invocation, _args, options) => {
        const { edge } = invocation;
        const findings = await examine(edge, edge.nodeVersion, () => invocation.discover());
        const failed = findings.some(({ level }) => level === "fail");
        if (options.json === true || invocation.format === "json") {
          await invocation.printJson({ ok: !failed, findings });
        } else {
          await print(invocation, findings);
        }
        return failed ? exitCodes.failed : exitCodes.done;
      }),
    );
}

const colours: Readonly<Record<Level, "green" | "yellow" | "red" | "dim">> = {
  ok: "green",
  warn: "yellow",
  fail: "red",
  skip: "dim",
};

const levelWidth = 4;
const arrow = "-> ";

async function print(invocation: Invocation, findings: readonly Finding[]): Promise<void> {
  const { stdout } = invocation.edge;
  const columns = stdout.isTerminal ? stdout.columns : undefined;
  const width = Math.max(...findings.map(({ about }) => about.length));
  const indent = levelWidth + 2 + width + 2;
  for (const { level, about, message, advice } of findings) {
    const mark = invocation.paint(colours[level], level.padEnd(levelWidth));
    const what = wrapText(printable(message), columns, indent);
    await invocation.print(`${mark}  ${about.padEnd(width)}  ${what}\n`);
    if (advice === undefined) continue;
    const way = wrapText(advice, columns, indent + arrow.length);
    await invocation.print(`${" ".repeat(indent)}${arrow}${way}\n`);
  }
  const count = (wanted: Level) => findings.filter(({ level }) => level === wanted).length;
  await invocation.note(
    `\n${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} failed\n`,
  );
}
