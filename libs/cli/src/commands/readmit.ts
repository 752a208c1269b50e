import { checkRegion } from "@holdfast/core/lock/name";
import type { Command } from "commander";
import { CliError, failureError, usageError } from "../cli-error.ts";
import type { ReadmissionView } from "../connection/client-port.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Invocation } from "../invocation.ts";
import { examplesHelp } from "../output/help-text.ts";
import { printable } from "../output/table.ts";
import type { Wrap } from "../wrap.ts";
import { Interruption } from "./interruption.ts";

/** Carriage return, then erase to the end of the line. */
const eraseLine = "\r\u001b[K";

interface ReadmitOptions {
  readonly yes?: boolean;
}

/** `holdfast region readmit REGION`. */
export function addReadmit(region: Command, wrap: Wrap): void {
  region
    .command("readmit")
    .argument("<region>", "the region whose data was lost or restored")
    .summary("give a region that lost its data its vote back")
    .description(
      "A region whose stores were wiped or restored from a backup has no vote about global locks: " +
        "what it promised is gone. This copies every global lock to it from the other two, under a " +
        "new generation, and admits it again. It can be repeated, and stopped with Ctrl-C.",
    )
    .option("-y, --yes", "do it")
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast region readmit us-west-2 --yes",
        "holdfast region readmit us-west-2 --yes --region us-east-1   (ask that region's router)",
      ]),
    )
    .action(
      wrap<ReadmitOptions>((invocation, [name = ""], options) =>
        readmit(invocation, name, options.yes === true),
      ),
    );
}

async function readmit(invocation: Invocation, name: string, sure: boolean): Promise<number> {
  const wrong = checkRegion(name);
  if (wrong !== undefined) throw failureError(wrong);
  if (!sure) {
    throw usageError(
      `This copies every global lock to ${name} and lets it vote again.`,
      "Is its store the right one, and stays? Then add --yes. holdfast region ls shows who votes.",
    );
  }
  const interruption = new Interruption(invocation.edge);
  const client = await invocation.connect({ scope: "global" });
  let last: ReadmissionView | undefined;
  try {
    const running = client.readmit(name)[Symbol.asyncIterator]();
    const stopped = new Promise<undefined>((resolve) => {
      interruption.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    for (;;) {
      const next = await Promise.race([running.next(), stopped]);
      if (next === undefined) {
        // It may never say anything more, so nobody waits for its end.
        void running.return?.();
        throw stoppedError(name, last, interruption.exitCode);
      }
      if (next.done) break;
      last = next.value;
      await invocation.hint(`${eraseLine}${storyOf(name, last)}`);
    }
  } finally {
    if (last !== undefined) await invocation.hint(eraseLine);
    interruption.end();
  }
  if (!last?.done) {
    throw new CliError(exitCodes.unknownOutcome, `Nobody said that ${name} is admitted.`, {
      code: "UNKNOWN_OUTCOME",
      advice: "Run it again: it goes on where it was left.",
    });
  }
  const { registersCopied, generation } = last;
  if (invocation.format === "json") {
    await invocation.printJson({ readmitted: true, region: name, registersCopied, generation });
  } else {
    const copied = `${registersCopied} locks copied, generation ${generation}`;
    await invocation.print(`${name} votes again: ${copied}\n`);
  }
  return exitCodes.done;
}

function storyOf(name: string, { registersCopied, step }: ReadmissionView): string {
  return `${name}: ${printable(step)}, ${registersCopied} locks copied`;
}

function stoppedError(
  name: string,
  last: ReadmissionView | undefined,
  exitCode: number | undefined,
): CliError {
  const copied = last?.registersCopied ?? 0;
  const message = `Stopped after ${copied} locks; ${name} has no vote yet.`;
  return new CliError(exitCode ?? exitCodes.failed, message, {
    code: "CANCELLED",
    advice: "Run it again: it goes on where it was left.",
  });
}
