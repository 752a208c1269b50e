import type { GrantId } from "@holdfast/base/ids";
import type { Scope } from "@holdfast/core/command/command";
import { isGlobal } from "@holdfast/core/lock/lock-id";
import { type Command, Option } from "commander";
import { CliError, usageError } from "../cli-error.ts";
import type { ClientPort } from "../connection/client-port.ts";
import { exitCodes } from "../exit-codes.ts";
import {
  findHandle,
  type Handle,
  looksLikeHandle,
  parseHandle,
  parseToken,
} from "../input/handle.ts";
import { checkedName } from "../input/lock-name.ts";
import type { Invocation } from "../invocation.ts";
import { addGlobalOption, placeName, type ScopeOptions, scopeOf } from "./global-option.ts";

/** How `release` and `renew` are told which grant. */
export interface GrantOptions extends ScopeOptions {
  readonly token?: string;
}

/** The arguments of `release` and `renew`. */
export function addGrantArguments(command: Command): Command {
  command.argument(
    "<handle>",
    "the handle that acquire printed, - to read it from stdin, or a name",
  );
  return addGlobalOption(command, "with a name: the global lock of that name").addOption(
    new Option("--token <token>", "with a name: the fencing token of the grant"),
  );
}

/** Finds the grant that is meant, and a connection that can reach it. */
export async function resolveGrant(
  invocation: Invocation,
  word: string,
  options: GrantOptions,
): Promise<{ readonly client: ClientPort; readonly handle: Handle }> {
  if (word === "-" || looksLikeHandle(word)) {
    if (options.token !== undefined) {
      throw usageError("A handle has its token already; leave --token out.");
    }
    if (options.global === true) {
      throw usageError("A handle says already which lock is meant; leave --global out.");
    }
    const handle = word === "-" ? await fromStdin(invocation) : parseHandle(word);
    const { region, namespace } = handle.lock;
    const place = isGlobal(handle.lock) ? ({ scope: "global" } as const) : { region };
    return { client: await invocation.connect({ ...place, namespace }), handle };
  }
  const name = checkedName(word);
  if (options.token === undefined) {
    throw usageError(
      `${name} is a name, which does not say whose grant is meant.`,
      "Give the handle that acquire printed, or add --token.",
    );
  }
  const token = parseToken(options.token);
  if (token === undefined) {
    throw usageError(
      `--token ${JSON.stringify(options.token)} is no token.`,
      `A token is a whole number; holdfast get ${name} shows it.`,
    );
  }
  const scope = scopeOf(options);
  const client = await invocation.connect({ scope });
  return { client, handle: await lookUp(client, name, scope, token) };
}

async function fromStdin(invocation: Invocation): Promise<Handle> {
  if (invocation.edge.stdinIsTerminal) await invocation.hint("Paste the handle, then Ctrl-D.\n");
  return findHandle(await invocation.edge.readStdin());
}

async function lookUp(
  client: ClientPort,
  name: string,
  scope: Scope,
  token: bigint,
): Promise<Handle> {
  const lock = await client.get(name, scope);
  const matches = lock.holders.filter((holder) => holder.token === token);
  const [match] = matches;
  const { region, namespace } = lock;
  if (match === undefined) {
    const now = lock.holders.map((holder) => holder.token.toString()).join(", ");
    throw new CliError(
      exitCodes.notHeld,
      `${name} in ${placeName(region)} is not held with token ${token}: ` +
        (now === "" ? "nobody holds it." : `it is held with ${now}.`),
      {
        code: "NOT_HELD",
        advice:
          scope === "global"
            ? "A local lock of that name is another lock; for it, leave --global out."
            : "A local lock belongs to one region: is it this one? Else name it with --region.",
      },
    );
  }
  if (matches.length > 1) {
    throw usageError(
      `${matches.length} holders of ${name} in ${placeName(region)} share the token ${token}, for they were ` +
        "let in together.",
      "Give the handle that acquire printed.",
    );
  }
  if (match.hasSession) {
    throw usageError(
      `The grant of ${name} with token ${token} belongs to a session, which alone can release or ` +
        "renew it.",
      "End the process that holds it; its session and the lock end with it.",
    );
  }
  const { mode, ttlMs } = match;
  const grantId = match.grantId as GrantId;
  // How the acquire fared is not known here: "repeated" is the careful answer, and costs one key.
  return { lock: { region, namespace, name }, mode, token, grantId, ttlMs, repeated: true };
}
