import { Command, Option } from "commander";
import { addAcquire } from "./commands/acquire.ts";
import { addAudit } from "./commands/audit.ts";
import { addBench } from "./commands/bench.ts";
import { addCompletion } from "./commands/completion.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addExec } from "./commands/exec.ts";
import { addGet } from "./commands/get.ts";
import { addLs } from "./commands/ls.ts";
import { addRegion } from "./commands/region.ts";
import { addRelease } from "./commands/release.ts";
import { addRenew } from "./commands/renew.ts";
import { addSessions } from "./commands/sessions.ts";
import { addShard } from "./commands/shard.ts";
import { addTry } from "./commands/try.ts";
import { addWatch } from "./commands/watch.ts";
import type { Edge } from "./edge.ts";
import { exitCodeHelp } from "./output/help-text.ts";
import type { Wrap } from "./wrap.ts";

const toolsGroup = "Tools:";

/**
 * The commands and their options. `capture` receives what commander prints (help, version), because
 * it prints synchronously and a pipe must be awaited.
 */
export function buildProgram(edge: Edge, wrap: Wrap, capture: (text: string) => void): Command {
  const program = new Command("holdfast");
  program
    .description("Locks that hold: acquire, wait for, renew, release and watch them.")
    .usage("<command> [options]")
    .version(edge.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "explain a command")
    .addHelpCommand(
      new Command("help")
        .argument("[command]")
        .helpGroup(toolsGroup)
        .description("explain a command"),
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: capture,
      writeErr: capture,
      outputError: () => {},
      getOutHelpWidth: () => helpWidth(edge),
      getErrHelpWidth: () => helpWidth(edge),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addOption(
      new Option(
        "--endpoints <list>",
        "routers, as host:port,host:port (else HOLDFAST_ENDPOINTS, else found by itself)",
      ),
    )
    .addOption(
      new Option(
        "--namespace <name>",
        'namespace of the names (else HOLDFAST_NAMESPACE, else "default")',
      ),
    )
    .addOption(
      new Option(
        "--region <name>",
        "region of local locks (else HOLDFAST_REGION, else that of the first endpoint); with " +
          "--global, whose router is asked",
      ),
    )
    .addOption(
      new Option(
        "--tls-ca <file>",
        "speak TLS, and believe whom this CA has signed (else HOLDFAST_TLS_CA, else found by itself)",
      ),
    )
    .addOption(new Option("--tls-cert <file>", "certificate to show (else HOLDFAST_TLS_CERT)"))
    .addOption(new Option("--tls-key <file>", "its key (else HOLDFAST_TLS_KEY)"))
    .addOption(
      new Option("-o, --output <format>", "how to print")
        .choices(["table", "json"])
        .default("table"),
    )
    .addHelpText("afterAll", exitCodeHelp());
  program.commandsGroup("Locks:");
  for (const add of [addAcquire, addTry, addRelease, addRenew, addExec]) add(program, wrap);
  program.commandsGroup("Looking:");
  for (const add of [addGet, addLs, addWatch, addSessions, addShard, addRegion]) add(program, wrap);
  program.commandsGroup("The record:");
  addAudit(program, wrap);
  program.commandsGroup(toolsGroup);
  for (const add of [addBench, addDoctor, addCompletion]) add(program, wrap);
  return program;
}

/** Wider than 100 columns a description is tiresome to read. */
function helpWidth(edge: Edge): number {
  return edge.stdout.isTerminal ? Math.min(edge.stdout.columns, 100) : 80;
}
