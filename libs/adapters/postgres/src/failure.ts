import { tlsAdvice } from "@holdfast/base/tls/trouble";
import type { LedgerRefusal, NotDone } from "@holdfast/engine/ports/ledger";
import pg from "pg";

/**
 * States (SQLSTATE) in which the server cannot tell what became of the statement: it was being shut
 * down or had lost another process, or it does not know itself.
 */
const inDoubt = /^(08|40003|57P0[12]|58|XX|F0)/;

/** States that no repetition helps against; all others are the moment's. */
const refusals: readonly (readonly [state: RegExp, reason: LedgerRefusal["reason"]])[] = [
  [/^53100$/, "no-space"],
  // Wrong password, no such role, no right to it, no such database.
  [/^(28|42501|3D000)/, "denied"],
  // A value that a column cannot take, a limit of the program, a broken constraint.
  [/^(22|23|54)/, "invalid"],
];

/** No partition takes the row: its day was dropped a moment ago. */
export function isDayMissing(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "23514";
}

/** What an error means for a statement that was sent, and may have changed something. */
export function writeFailure(error: unknown): NotDone {
  const message = messageOf(error);
  if (!(error instanceof pg.DatabaseError)) return { kind: "unknown", message };
  const { code = "" } = error;
  if (inDoubt.test(code)) return { kind: "unknown", message };
  return definite(code, message);
}

/** What an error means for a reading. */
export function readFailure(error: unknown): NotDone {
  const message = messageOf(error);
  // The server asks for a password, and the driver has none or does not believe the server's proof.
  if (/\bSASL\b/.test(message)) return { kind: "refused", reason: "denied", message };
  return definite(error instanceof pg.DatabaseError ? (error.code ?? "") : "", message);
}

/** What an error means for a connection that was not had; `url` is where it was to go. */
export function connectFailure(error: unknown, url: string): NotDone {
  const trouble = error instanceof pg.DatabaseError ? undefined : tlsAdvice(error);
  if (trouble === undefined) return readFailure(error);
  const host = URL.canParse(url) ? ` at ${new URL(url).host}` : "";
  return { kind: "unavailable", message: `Postgres${host}: ${trouble}` };
}

/**
 * What an error means for a question that was asked after a change had been made: that one is not
 * to be told as not done, and what came of it was not learned.
 */
export function lookFailure(error: unknown): NotDone {
  return { kind: "unknown", message: messageOf(error) };
}

function definite(code: string, message: string): NotDone {
  const reason = refusals.find(([state]) => state.test(code))?.[1];
  return reason === undefined
    ? { kind: "unavailable", message }
    : { kind: "refused", reason, message };
}

/** Never holds a password: neither the server nor the driver puts one into its messages. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(messageOf).join("; ");
  }
  if (!(error instanceof Error)) return String(error);
  const state = error instanceof pg.DatabaseError ? ` (SQLSTATE ${error.code})` : "";
  return `Postgres: ${error.message}${state}`;
}
