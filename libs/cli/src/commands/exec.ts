import { type Command, Option } from "commander";
import { CliError, usageError } from "../cli-error.ts";
import type { AcquireRequest, ClientPort, Held, HeldOutcome } from "../connection/client-port.ts";
import { findCommand } from "../exec/find-command.ts";
import { SignalRelay } from "../exec/signal-relay.ts";
import { supervise } from "../exec/supervise.ts";
import { exitCodes } from "../exit-codes.ts";
import { parseBoundedDuration } from "../input/duration.ts";
import { checkedName } from "../input/lock-name.ts";
import { parseMetadata } from "../input/metadata.ts";
import { type Invocation, waitBounds } from "../invocation.ts";
import { examplesHelp } from "../output/help-text.ts";
import type { Wrap } from "../wrap.ts";
import { addMetadataOption } from "./acquire.ts";
import {
  addGlobalOption,
  placeName,
  regionOf,
  type ScopeOptions,
  scopeOf,
  ttlBounds,
} from "./global-option.ts";
import { refusalError } from "./refusal.ts";
import { showWaiting } from "./waiting-line.ts";

interface ExecOptions extends ScopeOptions {
  readonly wait: string;
  readonly ttl: string;
  readonly shared?: boolean;
  readonly metadata: readonly string[];
}

/** `holdfast exec NAME -- command…`: runs a command for as long as a lock is held. */
export function addExec(program: Command, wrap: Wrap): void {
  const command = program
    .command("exec")
    .argument("<name>", "the lock")
    .argument("<command...>", "after --, the command and its arguments")
    .usage("[options] <name> -- <command...>")
    .summary("run a command while holding a lock")
    .description(
      "Takes a lock under a session, runs the command, and releases the lock when it ends. The " +
        "command finds HOLDFAST_LOCK, HOLDFAST_TOKEN, HOLDFAST_REGION and HOLDFAST_NAMESPACE in its " +
        "environment. Signals go to it, its exit code is ours. If the lock is lost it gets SIGTERM, " +
        "after 5 s SIGKILL, and we exit with 70.",
    )
    .addOption(new Option("--wait <time>", "how long to wait in line; 0 is a try").default("30s"))
    .addOption(new Option("--ttl <time>", "how soon the lock is free if we vanish").default("15s"))
    .option("--shared", "hold it together with others that ask for the same");
  addMetadataOption(addGlobalOption(command))
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast exec nightly-report -- ./report.sh --full",
        "holdfast exec --wait 0 backup -- pg_dump shop   (exits with 75 if one runs)",
        "holdfast exec --global billing-run -- ./bill.sh   (one in all regions)",
        "holdfast exec migrate -- sh -c 'echo fenced by $HOLDFAST_TOKEN'",
      ]),
    )
    .action(
      wrap<ExecOptions>((invocation, [name = "", ...words], options) =>
        runUnderLock(invocation, checkedName(name), words, options),
      ),
    );
}

async function runUnderLock(
  invocation: Invocation,
  name: string,
  words: readonly string[],
  options: ExecOptions,
): Promise<number> {
  const { edge } = invocation;
  const [command = "", ...args] = words;
  if (command === "") throw usageError("The command to run is empty.");
  const waitMs = parseBoundedDuration(options.wait, "--wait", waitBounds);
  const scope = scopeOf(options);
  const ttlMs = parseBoundedDuration(options.ttl, "--ttl", ttlBounds(scope));
  const metadata = parseMetadata(options.metadata);
  const file = await findCommand(command, edge.env.PATH ?? "");
  const relay = new SignalRelay(edge);
  try {
    const client = await invocation.connect({ scope });
    const mode = options.shared === true ? "shared" : "exclusive";
    const request = { name, scope, mode, ttlMs, waitMs, metadata } as const;
    const held = await take(invocation, client, relay, request);
    const { region, token, lost } = held;
    const env = {
      ...edge.env,
      HOLDFAST_LOCK: name,
      HOLDFAST_TOKEN: token.toString(),
      HOLDFAST_REGION: region,
      HOLDFAST_NAMESPACE: invocation.namespace,
    };
    const onLost = () =>
      void edge.stderr.write(
        `holdfast: lost ${name} in ${placeName(region)}; stopping the command\n`,
      );
    const running = { file, command, args, env, lost, relay, onLost };
    const ending = await supervise(edge, running).catch(async (error: unknown) => {
      await held.release();
      throw error;
    });
    const released = await held.release();
    if (ending.lost || released === "not-held") throw lostError(name, held);
    if (released === "unknown") {
      const remark = `holdfast: nobody answers: ${name} is free when its ttl of ${options.ttl} ends\n`;
      await edge.stderr.write(remark);
    }
    return ending.exitCode;
  } finally {
    relay.end();
  }
}

async function take(
  invocation: Invocation,
  client: ClientPort,
  relay: SignalRelay,
  request: Omit<AcquireRequest, "signal" | "onPosition">,
): Promise<Held> {
  const region = regionOf(request.scope, client);
  const waiting = showWaiting(invocation, request.name, region);
  let outcome: HeldOutcome;
  try {
    const { onPosition } = waiting;
    outcome = await client.acquireHeld({ ...request, signal: relay.waitSignal, onPosition });
  } finally {
    await waiting.end();
  }
  if (outcome.kind === "granted") return outcome.held;
  throw refusalError({ name: request.name, region }, outcome, relay.exitCode);
}

function lostError(name: string, { region, lost }: Held): CliError {
  const reason: unknown = lost.reason;
  const message =
    reason instanceof Error
      ? reason.message
      : `${name} in ${placeName(region)} was lost while the command ran, and nobody noticed.`;
  return new CliError(exitCodes.notHeld, message, {
    code: "LOST",
    advice: "What the command wrote meanwhile is protected only where its token is checked.",
  });
}
