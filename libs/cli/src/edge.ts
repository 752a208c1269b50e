import type { Clock } from "@holdfast/base/clock";
import type { Random } from "@holdfast/base/random";
import type { ConnectAudit } from "./connection/audit-port.ts";
import type { Connect } from "./connection/client-port.ts";

/** Where text goes: a terminal, a pipe or a file. */
export interface Output {
  readonly isTerminal: boolean;
  /** Columns of the terminal; 80 where it does not say. */
  readonly columns: number;
  /** Resolves once the text has left the process, or with `closed` when nobody reads any more. */
  write(text: string): Promise<"written" | "closed">;
}

/**
 * Everything a command meets of the world outside, so that a test can stand in for it. The one real
 * implementation is `system-edge.ts`.
 */
export interface Edge {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** The folder of the repository or package the CLI itself lies in. */
  readonly installDirectory: string;
  readonly version: string;
  /** As `process.version`. */
  readonly nodeVersion: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdinIsTerminal: boolean;
  /** Stdin, stdout or stderr is a terminal, so a command we start may need it too. */
  readonly sharesTerminal: boolean;
  readonly connect: Connect;
  readonly connectAudit: ConnectAudit;
  /** All of stdin as text; rejects past 64 KiB. */
  readStdin(): Promise<string>;
  /** Calls `listener` whenever `signal` arrives, instead of what the system would do. */
  onSignal(signal: NodeJS.Signals, listener: () => void): () => void;
  /** Called once when stdout has lost its reader. */
  onStdoutClosed(listener: () => void): () => void;
}
