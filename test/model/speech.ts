import { printBallot } from "@holdfast/core/quorum/ballot";
import type { AcceptReply, Attached, PrepareReply } from "@holdfast/core/quorum/message";
import type { RegisterCommand, RegisterOutcome } from "@holdfast/core/quorum/register-command";
import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import type { Message, Reply } from "./vocabulary.ts";

const sequenceBits = 20n;

/** Its counter, and what was numbered under it, if anything was. */
export function tokenText(token: bigint): string {
  const sequence = token & ((1n << sequenceBits) - 1n);
  return `${token >> sequenceBits}${sequence === 0n ? "" : `.${sequence}`}`;
}

/** A register's value: its version, who has the lock under which token, who waits, who is done. */
export function valueText({ version, holders, waiters, recent }: RegisterValue): string {
  const held = holders.map(({ grantId, token }) => `${grantId}/${tokenText(token)}`);
  const parts = [`v${version} ${held.length === 0 ? "free" : held.join(" ")}`];
  if (waiters.length > 0) parts.push(`waiting ${waiters.map(({ grantId }) => grantId).join(" ")}`);
  for (const { grantId, fate } of recent) parts.push(`${grantId} ${fate}`);
  return parts.join(", ");
}

/** What a proposer says to a region. */
export function messageText(message: Message): string {
  const ballot = printBallot(message.request.ballot);
  if (message.kind === "prepare") return `prepare ${ballot}`;
  const { value, next, attach, forget } = message.request;
  const parts = [`accept ${ballot}: ${valueText(value)}`];
  if (attach.length > 0) parts.push(`attach ${attach.map(({ grantId }) => grantId).join(" ")}`);
  if (forget.length > 0) parts.push(`forget ${forget.join(" ")}`);
  return [...parts, `next ${printBallot(next)}`].join("; ");
}

/** What a region answers. */
export function replyText({ reply }: Reply): string {
  const answer: PrepareReply | AcceptReply = reply;
  switch (answer.kind) {
    case "promised": {
      const { accepted, live, halfTrusted } = answer;
      const base =
        accepted === undefined
          ? "nothing"
          : `${printBallot(accepted.ballot)}: ${valueText(accepted.value)}`;
      return `promised; has ${base}${liveText(live)}${halfTrusted ? "; half trusted" : ""}`;
    }
    case "refused":
      return `refused; promised ${printBallot(answer.promised)}`;
    case "accepted":
      return `accepted${liveText(answer.attached)}`;
    case "other-generation":
      return `at generation ${answer.generation}`;
  }
}

/** What a client asks. */
export function commandText(command: RegisterCommand): string {
  switch (command.kind) {
    case "acquire": {
      const { request, wait, mayBeGranted } = command;
      const kind = request.mode === "shared" ? "acquire shared" : "acquire";
      const words = [kind, request.grantId, ...(wait ? ["or wait"] : [])];
      return mayBeGranted ? `${words.join(" ")} (again)` : words.join(" ");
    }
    case "release":
      return `release ${command.grantId}/${tokenText(command.token)}`;
    case "cancel":
      return `cancel ${command.grantId}`;
    default:
      return command.kind;
  }
}

/** What a client is told. */
export function outcomeText(
  outcome: RegisterOutcome | { readonly kind: "unknown" | "contended" },
): string {
  switch (outcome.kind) {
    case "granted":
      return `granted ${outcome.holder.grantId}/${tokenText(outcome.holder.token)}`;
    case "waiting":
      return `waiting, ${outcome.ahead} ahead`;
    case "held":
      return `held by ${outcome.holders.map(({ grantId }) => grantId).join(" ")}`;
    case "ended":
      return `ended: ${outcome.fate}`;
    default:
      return outcome.kind;
  }
}

function liveText(live: readonly Attached[]): string {
  return live.length === 0 ? "" : `; live ${live.map(({ grantId }) => grantId).join(" ")}`;
}
