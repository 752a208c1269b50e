import { type Clock, sleep } from "@holdfast/base/clock";
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

/**
 * Streams that have been told to go and are still there. A move is a handshake, a look for the
 * session and a list of its locks for whoever takes the stream, and thousands at once would not be
 * done with before their leases run out.
 */
const goingMax = 250;
/** So often it is looked at who has gone. */
const goneEveryMs = 50;
/** The most that telling all of them may take; an orchestrator has to wait for longer. */
const goAwayMsMax = 60_000;

/** Every released grant is offered to every stream, so that work is bounded. */
const grantsToldMax = 10;

/** The streams that are open, and the news that one of them makes for the others. */
export class StreamRegistry {
  readonly #streams = new Set<Hearer>();
  /** Who is to be told of a session's end: nearly always one stream, so that needs no set. */
  readonly #bySession = new Map<SessionId, Hearer | Set<Hearer>>();

  get size(): number {
    return this.#streams.size;
  }

  /** The most that {@link goAway} takes now, in ms. */
  get goAwayMsMax(): number {
    return this.size > goingMax ? goAwayMsMax : 0;
  }

  add(stream: Hearer): void {
    this.#streams.add(stream);
  }

  remove(stream: Hearer): void {
    this.#streams.delete(stream);
  }

  /** The stream wants to hear of the session's end. */
  follow(session: SessionId, stream: Hearer): void {
    const known = this.#bySession.get(session);
    if (known === undefined) this.#bySession.set(session, stream);
    else if (known instanceof Set) known.add(stream);
    else if (known !== stream) this.#bySession.set(session, new Set([known, stream]));
  }

  /** The stream does not use the session any more; to be called before it is removed. */
  unfollow(session: SessionId, stream: Hearer): void {
    const known = this.#bySession.get(session);
    if (known === stream) this.#bySession.delete(session);
    else if (known instanceof Set && known.delete(stream) && known.size === 0) {
      this.#bySession.delete(session);
    }
  }

  /** Call it with every command that was answered, and with the stream it came through. */
  tell(command: Command, outcome: Outcome, origin?: Hearer): void {
    if (outcome.kind === "force-released" && command.kind === "force-release") {
      for (const { grantId } of outcome.released.slice(0, grantsToldMax)) {
        for (const stream of this.#streams) stream.grantLost(command.lock, grantId);
      }
    } else if (outcome.kind === "closed" && command.kind === "close-session") {
      // A look at every stream would be 10^8 looks where ten thousand clients end together.
      const known = this.#bySession.get(command.session);
      if (known === undefined) return;
      for (const stream of known instanceof Set ? [...known] : [known]) {
        if (stream !== origin) stream.sessionLost(command.session);
      }
    }
  }

  /**
   * Tells every stream to find another router: the next ones when those before have gone, or have
   * had `drainMs` for it. Resolves when all have been told.
   */
  async goAway(reason: string, drainMs: number, clock: Clock): Promise<void> {
    const untold = [...this.#streams];
    const allByMs = clock.monotonicMs() + goAwayMsMax;
    let going: { readonly stream: Hearer; readonly untilMs: number }[] = [];
    for (;;) {
      const nowMs = clock.monotonicMs();
      going = going.filter(({ stream, untilMs }) => this.#streams.has(stream) && nowMs < untilMs);
      const room = nowMs < allByMs ? goingMax - going.length : untold.length;
      for (const stream of untold.splice(0, room)) {
        stream.goAway(reason, drainMs);
        going.push({ stream, untilMs: nowMs + drainMs });
      }
      if (untold.length === 0) return;
      await sleep(clock, goneEveryMs);
    }
  }

  /** Ends every stream. */
  finish(reason: string): void {
    for (const stream of [...this.#streams]) stream.finish(reason);
  }
}
