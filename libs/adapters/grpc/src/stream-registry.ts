import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { Command } from "@holdfast/core/command/command";
import type { Outcome } from "@holdfast/core/command/outcome";
import type { LockId } from "@holdfast/core/lock/lock-id";

/** What a stream can be told by somebody else's doing. */
export interface Hearer {
  /** The grant was taken away; does nothing if the stream did not get it. */
  grantLost(lock: LockId, grantId: GrantId): void;
  /** The session was ended; does nothing if the stream does not use it. */
  sessionLost(session: SessionId): void;
  /** The server is about to stop. */
  goAway(reason: string, drainMs: number): void;
  /** Ends the stream now. */
  finish(reason: string): void;
}

/** Every released grant is offered to every stream, so that work is bounded. */
const grantsToldMax = 10;

/** The streams that are open, and the news that one of them makes for the others. */
export class StreamRegistry {
  readonly #streams = new Set<Hearer>();

  get size(): number {
    return this.#streams.size;
  }

  add(stream: Hearer): void {
    this.#streams.add(stream);
  }

  remove(stream: Hearer): void {
    this.#streams.delete(stream);
  }

  /** Call it with every command that was answered, and with the stream it came through. */
  tell(command: Command, outcome: Outcome, origin?: Hearer): void {
    if (outcome.kind === "force-released" && command.kind === "force-release") {
      for (const { grantId } of outcome.released.slice(0, grantsToldMax)) {
        for (const stream of this.#streams) stream.grantLost(command.lock, grantId);
      }
    } else if (outcome.kind === "closed" && command.kind === "close-session") {
      for (const stream of this.#streams) {
        if (stream !== origin) stream.sessionLost(command.session);
      }
    }
  }

  /** Tells every stream to find another router. */
  goAway(reason: string, drainMs: number): void {
    for (const stream of this.#streams) stream.goAway(reason, drainMs);
  }

  /** Ends every stream. */
  finish(reason: string): void {
    for (const stream of [...this.#streams]) stream.finish(reason);
  }
}
