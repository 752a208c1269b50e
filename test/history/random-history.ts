import { integerBelow, type Random } from "@holdfast/base/random";
import type { Mode } from "@holdfast/core/lock/lock-id";
import type { AcquireResult, HistoryEvent } from "./history-event.ts";

/** How a random history is made. */
export interface RandomHistoryOptions {
  readonly tenures: number;
  readonly clients: number;
  readonly locks: number;
}

/** One tenure while the register is played: moments at which it truly took effect. */
interface Played {
  readonly op: string;
  readonly client: string;
  readonly lock: string;
  readonly mode: Mode;
  readonly waitMs: number;
  readonly invokeMs: number;
  readonly token: bigint;
  /** When the register granted it. */
  readonly grantedMs: number;
  /** When the register let it go; its client stopped believing at `believedUntilMs`, before. */
  readonly endedMs: number;
  readonly believedUntilMs: number;
  readonly fate: "released" | "not-held" | "unknown" | "lost" | "died";
}

interface LockState {
  freeMs: number;
  /** Until when shared holders have it; exclusive ones must wait for that. */
  sharedUntilMs: number;
  /** When the latest of them got it. */
  grantedMs: number;
  revision: bigint;
}

/**
 * A history as clients of a correct lock service could have written it: the register is played
 * first, then each operation is given a call before and an answer after the moment of its effect.
 */
export function randomHistory(random: Random, options: RandomHistoryOptions): HistoryEvent[] {
  const locks = Array.from({ length: options.locks }, (): LockState => {
    return { freeMs: 0, sharedUntilMs: 0, grantedMs: 0, revision: 0n };
  });
  const idleMs = new Array<number>(options.clients).fill(0);
  const events: HistoryEvent[] = [];
  let dead = 0;
  for (let turn = 0; turn < options.tenures; turn++) {
    // Whoever is idle first asks next, so that the register is played in the order of time.
    const client = idleMs.indexOf(Math.min(...idleMs));
    const which = integerBelow(random, options.locks);
    const state = locks[which]!;
    const op = `op${turn}`;
    const lock = `lock${which}`;
    const name = `c${client}.${dead}`;
    const invokeMs = idleMs[client]! + random.next() * 20;
    const mode: Mode = random.next() < 0.3 ? "shared" : "exclusive";
    if (random.next() < 0.15) {
      idleMs[client] = tried(events, state, { op, client: name, lock, mode, invokeMs }, random);
      continue;
    }
    const played = play(state, { op, client: name, lock, mode, invokeMs }, random);
    idleMs[client] = write(events, played, random);
    if (played.fate === "died") dead++;
  }
  return events.toSorted((a, b) => a.atMs - b.atMs);
}

type Asked = Pick<Played, "op" | "client" | "lock" | "mode" | "invokeMs">;

function play(state: LockState, asked: Asked, random: Random): Played {
  const freeMs =
    asked.mode === "shared" ? state.freeMs : Math.max(state.freeMs, state.sharedUntilMs);
  const grantedMs = Math.max(asked.invokeMs, freeMs) + random.next() * 3;
  const holdMs = random.next() * 10;
  const fates = ["lost", "died", "not-held", "unknown"] as const;
  const fate = random.next() < 0.1 ? fates[integerBelow(random, fates.length)]! : "released";
  // The answer comes within 5 ms of the grant.
  const believedUntilMs = grantedMs + 5 + holdMs;
  const endedMs = believedUntilMs + random.next() * (fate === "released" ? 3 : 50);
  state.revision += 1n + BigInt(integerBelow(random, 3));
  if (asked.mode === "shared") state.sharedUntilMs = Math.max(state.sharedUntilMs, endedMs);
  else state.freeMs = endedMs;
  // Tokens rise in the order of effect, so whoever comes later is granted later.
  state.freeMs = Math.max(state.freeMs, grantedMs);
  state.grantedMs = grantedMs;
  const token = state.revision;
  return { ...asked, waitMs: 60_000, token, grantedMs, endedMs, believedUntilMs, fate };
}

/** A try finds the lock taken where somebody has it, else it is of no use here. */
function tried(events: HistoryEvent[], state: LockState, asked: Asked, random: Random): number {
  const { op, client, lock, mode, invokeMs } = asked;
  const takenUntilMs =
    mode === "shared" ? state.freeMs : Math.max(state.freeMs, state.sharedUntilMs);
  const isTaken = invokeMs > state.grantedMs && takenUntilMs - invokeMs > 8;
  const result: AcquireResult = isTaken ? "held" : "unknown";
  // Nobody learnt what an unknown try came to: it came to nothing.
  events.push({ kind: "invoke", atMs: invokeMs, client, op, lock, mode, waitMs: 0 });
  const returnMs = invokeMs + random.next() * 3;
  events.push({ kind: "return", atMs: returnMs, op, result });
  return returnMs;
}

function write(events: HistoryEvent[], played: Played, random: Random): number {
  const { op, client, lock, mode, waitMs, invokeMs, fate } = played;
  events.push({ kind: "invoke", atMs: invokeMs, client, op, lock, mode, waitMs });
  const returnMs = played.grantedMs + random.next() * 5;
  const token = String(played.token);
  events.push({ kind: "return", atMs: returnMs, op, result: "granted", token });
  const untilMs = played.believedUntilMs;
  switch (fate) {
    case "lost": {
      events.push({ kind: "believes", atMs: returnMs, op, untilMs });
      // Told late, as a process is that stood still.
      const toldMs = untilMs + random.next() * 100;
      events.push({ kind: "lost", atMs: toldMs, op, why: "expired" });
      return toldMs;
    }
    case "died":
      events.push({ kind: "died", atMs: untilMs, client });
      return untilMs;
    default: {
      events.push({ kind: "release", atMs: untilMs, op });
      const answeredMs = played.endedMs + random.next() * 5;
      events.push({ kind: "released", atMs: answeredMs, op, result: fate });
      return answeredMs;
    }
  }
}
