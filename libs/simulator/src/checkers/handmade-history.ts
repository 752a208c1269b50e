import { makeToken } from "@holdfast/core/fencing/token";
import { lockKeys } from "@holdfast/core/lock/keys";
import type { Mode } from "@holdfast/core/lock/lock-id";
import type {
  AnsweredEntry,
  Change,
  HistoryEntry,
  LeaseEntry,
  ProcessEntry,
  ToldEntry,
} from "../history/history.ts";
import { type Checker, type Patience, readRun } from "../history/run.ts";
import { hierarchicalNamespace } from "./interference.ts";

const patience: Patience = {
  promotionMs: 5_000,
  answerMs: 5_000,
  unknownGrantMs: 60_000,
  silenceMs: 5_000,
};

interface KeyOptions {
  /** Of the hierarchical namespace; left out, it is `ns/lock`. */
  readonly path?: string;
  readonly mode?: Mode;
  readonly grantId?: string;
  readonly epoch?: number;
  readonly lease?: bigint;
  readonly ttlMs?: number;
  readonly hasSession?: boolean;
  readonly session?: string;
}

/** A slash ends a grant id in a key. */
function grantIdOf(request: string): string {
  return request.replace("/", "-");
}

/**
 * A history written by hand, for the checkers' own tests: one lock, `ns/lock`, in one shard. The
 * grant id of the request `a/1` is `a-1`, unless said otherwise.
 */
export class HandmadeHistory {
  readonly entries: HistoryEntry[] = [];
  #nowMs = 0;
  #revision = 1;
  readonly #created = new Map<string, number>();
  readonly #keys = lockKeys(1, "ns", "lock");

  constructor() {
    this.revision({ kind: "put", key: "/epoch", createRevision: 2, lease: 0n, epoch: 1 });
  }

  at(nowMs: number): this {
    this.#nowMs = nowMs;
    return this;
  }

  /** One revision made of several changes, as {@link grantChange} and its like build them. */
  revision(...changes: readonly Change[]): this {
    this.#revision++;
    const revision = this.#revision;
    this.entries.push({ kind: "stored", atMs: this.#nowMs, shard: "s0", revision, changes });
    return this;
  }

  grant(request: string, options: KeyOptions = {}): this {
    return this.revision(this.grantChange(request, options));
  }

  end(request: string, options: KeyOptions = {}): this {
    return this.revision(this.endChange(request, options));
  }

  queue(request: string, options: KeyOptions = {}): this {
    return this.revision(this.queueChange(request, options));
  }

  leave(request: string, options: KeyOptions = {}): this {
    return this.revision(this.leaveChange(request, options));
  }

  /** The waiter's place becomes its grant. */
  promote(request: string, options: KeyOptions = {}): this {
    return this.revision(this.grantChange(request, options), this.leaveChange(request, options));
  }

  grantChange(request: string, options: KeyOptions = {}): Change {
    return this.#put(this.#holderKey(request, options), request, options);
  }

  endChange(request: string, options: KeyOptions = {}): Change {
    return this.#delete(this.#holderKey(request, options));
  }

  queueChange(request: string, options: KeyOptions = {}): Change {
    return this.#put(
      this.#keysOf(options).queue.prefix + (options.grantId ?? grantIdOf(request)),
      request,
      options,
    );
  }

  leaveChange(request: string, options: KeyOptions = {}): Change {
    return this.#delete(
      this.#keysOf(options).queue.prefix + (options.grantId ?? grantIdOf(request)),
    );
  }

  bury(grantId: string, lease = 1n): this {
    const key = `${this.#keys.tombstones.prefix}${grantIdOf(grantId)}/${lease}`;
    return this.revision({ kind: "put", key, createRevision: this.#revision + 1, lease });
  }

  /** The key that says that a session's lease lives. */
  mark(session: string, lease: bigint): this {
    const key = `v/${session}`;
    return this.revision({ kind: "put", key, createRevision: this.#revision + 1, lease });
  }

  unmark(session: string): this {
    return this.revision({ kind: "delete", key: `v/${session}` });
  }

  /** A router says that a session has ended. */
  endsSession(
    session: string,
    about: {
      readonly shard?: string;
      readonly lease?: bigint;
      readonly arrivedOrder?: number;
    } = {},
  ): this {
    const { shard = "", lease = 0n, arrivedOrder = this.entries.length } = about;
    const said = { kind: "session-end", router: "r0", session, shard, lease } as const;
    this.entries.push({ ...said, atMs: this.#nowMs, arrivedOrder });
    return this;
  }

  forcedChange(request: string): Change {
    return this.#put(this.#keys.forced.prefix + grantIdOf(request), request, {});
  }

  /** The token of the grant made by the last revision but `back`. */
  token(back = 0, epoch = 1): bigint {
    return makeToken(epoch, BigInt(this.#revision - back));
  }

  lease(lease: bigint, what: LeaseEntry["what"], ttlMs: number): this {
    this.entries.push({ kind: "lease", atMs: this.#nowMs, shard: "s0", lease, what, ttlMs });
    return this;
  }

  believes(request: string, token: bigint, mode: Mode = "exclusive"): this {
    return this.#belief(request, token, mode, true);
  }

  doubts(request: string, token: bigint, mode: Mode = "exclusive"): this {
    return this.#belief(request, token, mode, false);
  }

  asks(request: string, waitMs: number): this {
    const rest = { lock: "ns/lock", mode: "exclusive" as Mode, hasSession: true, ttlMs: 10_000 };
    const client = request.slice(0, request.indexOf("/"));
    this.entries.push({ kind: "asked", atMs: this.#nowMs, client, request, waitMs, ...rest });
    return this;
  }

  answers(request: string, what: AnsweredEntry["what"], token = 0n): this {
    const client = request.slice(0, request.indexOf("/"));
    this.entries.push({ kind: "answered", atMs: this.#nowMs, client, request, what, token });
    return this;
  }

  /** An answer to a command that arrived when the history had `arrivedOrder` entries. */
  tells(
    what: ToldEntry["what"],
    grantId: string,
    token = 0n,
    forGood = false,
    arrivedOrder = this.entries.length,
  ): this {
    const told = { kind: "told", router: "r0", lock: "ns/lock" } as const;
    this.entries.push({
      ...told,
      atMs: this.#nowMs,
      what,
      grantId: grantIdOf(grantId),
      token,
      forGood,
      arrivedOrder,
    });
    return this;
  }

  client(name: string, state: ProcessEntry["state"]): this {
    this.entries.push({ kind: "process", atMs: this.#nowMs, name, role: "client", state });
    return this;
  }

  heals(): this {
    this.entries.push({ kind: "healed", atMs: this.#nowMs });
    return this;
  }

  /** What `checker` finds in it, as text; the run ends now. */
  found(checker: Checker): string[] {
    const violations = checker.check(readRun(this.entries, this.#nowMs, patience));
    return violations.map((violation) => violation.message);
  }

  #belief(request: string, token: bigint, mode: Mode, believes: boolean): this {
    const client = request.slice(0, request.indexOf("/"));
    const what = { lock: "ns/lock", grantId: grantIdOf(request), mode, token, believes };
    this.entries.push({ kind: "belief", atMs: this.#nowMs, client, request, ...what });
    return this;
  }

  #keysOf({ path }: KeyOptions) {
    return path === undefined ? this.#keys : lockKeys(2, hierarchicalNamespace, path);
  }

  #holderKey(request: string, options: KeyOptions): string {
    const keys = this.#keysOf(options);
    const range = options.mode === "shared" ? keys.shared : keys.exclusive;
    return range.prefix + (options.grantId ?? grantIdOf(request));
  }

  #put(key: string, request: string, options: KeyOptions): Change {
    const createRevision = this.#created.get(key) ?? this.#revision + 1;
    this.#created.set(key, createRevision);
    const { mode = "exclusive", epoch = 1, ttlMs = 10_000, hasSession = true } = options;
    const { session = hasSession ? "session" : "" } = options;
    const record = { mode, epoch, ttlMs, hasSession, session, request };
    return { kind: "put", key, createRevision, lease: options.lease ?? 1n, record };
  }

  #delete(key: string): Change {
    this.#created.delete(key);
    return { kind: "delete", key };
  }
}
