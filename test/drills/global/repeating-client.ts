import { setTimeout as sleep } from "node:timers/promises";
import { GrpcConnection } from "@holdfast/client/grpc/grpc-connection";
import type { Connection } from "@holdfast/client/transport";
import type { Command } from "@holdfast/core/command/command";
import type { Outcome } from "@holdfast/core/command/outcome";

/**
 * Loaded into a process of clients before its own code: every command is sent twice, the second
 * time a little later and, as the SDK does it, marked as sent again. What the client hears is what
 * both together came to.
 */
const send: Connection["send"] = GrpcConnection.prototype.send;
const copyLaterMsMax = 50;

async function sendTwice(
  this: GrpcConnection,
  command: Command,
  onPosition?: (position: number) => void,
): Promise<Outcome> {
  const first = send.call(this, command, onPosition);
  const copy = command.kind === "acquire" ? { ...command, resent: true } : command;
  const second = sleep(Math.random() * copyLaterMsMax).then(() => send.call(this, copy));
  const outcomes = await Promise.all([first, second]);
  return outcomes.toSorted((a, b) => rank(a) - rank(b))[0]!;
}

/** A grant that one of two copies was answered with is a grant; what is unknown is not refused. */
function rank(outcome: Outcome): number {
  if (outcome.kind === "granted" || outcome.kind === "released") return 0;
  return outcome.kind === "failure" && outcome.code === "UNKNOWN_OUTCOME" ? 1 : 2;
}

Object.assign(GrpcConnection.prototype, { send: sendTwice });
