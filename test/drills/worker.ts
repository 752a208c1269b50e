import { setTimeout as sleep } from "node:timers/promises";
import { integerBelow, type Random } from "@holdfast/base/random";
import type { HoldfastClient } from "@holdfast/client/holdfast-client";
import { HoldfastError } from "@holdfast/client/holdfast-error";
import type { Lock } from "@holdfast/client/lock";
import type { Scope } from "@holdfast/core/command/command";
import type { Mode } from "@holdfast/core/lock/lock-id";
import type { HistoryEvent, ReturnEvent } from "../history/history-event.ts";
import type { ResourceClient, Write } from "./resource-client.ts";

/** What a worker likes to do. Times are drawn evenly from 0 (or `min`) to what is said. */
export interface Habits {
  readonly locks: readonly string[];
  readonly ttlMs: number;
  readonly waitMs: number;
  /** Shares of all tenures, 0 to 1. */
  readonly tryShare: number;
  readonly sharedShare: number;
  readonly longShare: number;
  readonly holdMsMax: number;
  readonly longHoldMsMax: number;
  /** 0 if left out. */
  readonly longHoldMsMin?: number;
  readonly thinkMsMax: number;
  /** `local` if left out. */
  readonly scope?: Scope;
  /** Each tenure is of a lock that nobody has ever used. */
  readonly fresh?: boolean;
  /** In place of one lock there is a new one every so often, the same to everybody. */
  readonly slotMs?: number;
  /** It asks for nothing before it has run for so long; 0 if left out. */
  readonly fromMs?: number;
  /** Each worker keeps to one of the locks. */
  readonly isLoyal?: boolean;
  /** At the end it gives up what it waits for; else it waits as long as it wanted to. */
  readonly isHurried?: boolean;
}

/** What a worker works with. */
export interface WorkerTools {
  readonly client: HoldfastClient;
  /** Name of the client and, after a dot, of the worker; unique in the run. */
  readonly name: string;
  readonly random: Random;
  readonly now: () => number;
  readonly record: (event: HistoryEvent) => void;
  readonly signal: AbortSignal;
  /** What the locks protect, if anything. */
  readonly resource?: ResourceClient;
}

/** How often a client says that it is sure of a lock it holds for long. */
const sureEveryMs = 100;

/** Takes locks, holds them for a while, gives them back, one after the other; keeps a record. */
export class Worker {
  readonly #tools: WorkerTools;
  readonly #habits: Habits;
  readonly #owner: string;
  #count = 0;

  constructor(tools: WorkerTools, habits: Habits) {
    this.#tools = tools;
    this.#habits = habits;
    this.#owner = tools.name.slice(0, tools.name.lastIndexOf("."));
  }

  /** Works until the signal aborts; what was begun is ended. */
  async run(): Promise<void> {
    const { signal, random } = this.#tools;
    // Told to end meanwhile, it has nothing to end.
    await sleep(this.#habits.fromMs ?? 0, undefined, { signal }).catch(() => {});
    while (!signal.aborted) {
      await sleep(random.next() * this.#habits.thinkMsMax);
      await this.#tenure();
    }
  }

  async #tenure(): Promise<void> {
    const { name, now, record, random, client } = this.#tools;
    const { tryShare, sharedShare, longShare, ttlMs, scope = "local" } = this.#habits;
    const mode: Mode = random.next() < sharedShare ? "shared" : "exclusive";
    const waitMs = random.next() < tryShare ? 0 : this.#habits.waitMs;
    const isLong = random.next() < longShare;
    const holdMs = this.#drawHoldMs(isLong);
    const op = `${name}/${this.#count++}`;
    const lock = this.#lock(op);
    record({ kind: "invoke", atMs: now(), client: this.#owner, op, lock, mode, waitMs });
    let held: Lock;
    try {
      const asked = { mode, wait: waitMs, ttl: ttlMs, scope };
      const { signal } = this.#tools;
      held = await client.acquire(lock, this.#habits.isHurried ? { ...asked, signal } : asked);
    } catch (error) {
      record({ kind: "return", atMs: now(), op, ...failureOf(error) });
      return;
    }
    await this.#hold({ op, lock, mode }, held, holdMs);
  }

  #drawHoldMs(isLong: boolean): number {
    const { holdMsMax, longHoldMsMax, longHoldMsMin = 0 } = this.#habits;
    const share = this.#tools.random.next();
    return isLong ? longHoldMsMin + share * (longHoldMsMax - longHoldMsMin) : share * holdMsMax;
  }

  #lock(op: string): string {
    const { locks, fresh = false, slotMs, isLoyal = false } = this.#habits;
    if (fresh) return `fresh/${op}`;
    const { name, random, now } = this.#tools;
    const own = Number(name.slice(name.lastIndexOf(".") + 1)) % locks.length;
    const lock = locks[isLoyal ? own : integerBelow(random, locks.length)]!;
    return slotMs === undefined ? lock : `${lock}/${Math.floor(now() / slotMs)}`;
  }

  async #hold(asked: Omit<Write, "token">, held: Lock, holdMs: number): Promise<void> {
    const { now, record, resource } = this.#tools;
    const { op } = asked;
    const grantedMs = now();
    if (!isSure(held)) {
      // The process stood still while the answer lay there: this client never had the lock.
      record({ kind: "return", atMs: grantedMs, op, result: "unknown" });
      await held.release();
      return;
    }
    const token = String(held.token);
    record({ kind: "return", atMs: grantedMs, op, result: "granted", token });
    held.onStateChange(({ state, why }) => {
      if (state === "lost") record({ kind: "lost", atMs: now(), op, why: why ?? "" });
    });
    await resource?.write({ ...asked, token });
    while (this.#saysSure(op, held)) {
      const leftMs = grantedMs + holdMs - now();
      if (leftMs <= 0 || this.#tools.signal.aborted) break;
      await sleep(Math.min(leftMs, sureEveryMs));
    }
    // Without a look at the lock: whether it is still held is for the resource to find out.
    await resource?.write({ ...asked, token });
    // Before the state is asked for: the client was sure of it then, and not surely any later.
    const releaseMs = now();
    const wasSure = isSure(held);
    if (wasSure) record({ kind: "release", atMs: releaseMs, op });
    const result = await held.release();
    // What was lost on the way ends whenever its lease does.
    if (wasSure && held.lost === undefined) record({ kind: "released", atMs: now(), op, result });
  }

  #saysSure(op: string, held: Lock): boolean {
    const { now, record } = this.#tools;
    const atMs = now();
    if (!isSure(held)) return false;
    record({ kind: "believes", atMs, op, untilMs: atMs + held.validForMs });
    return true;
  }
}

function isSure({ state }: Lock): boolean {
  return state === "held" || state === "jeopardy";
}

function failureOf(error: unknown): Pick<ReturnEvent, "result" | "why"> {
  const { code, message } = HoldfastError.from(error);
  if (code === "HELD") return { result: "held" };
  if (code === "TIMEOUT") return { result: "timeout" };
  return { result: "unknown", why: `${code}: ${message}` };
}
