import type { Mode } from "../../lock/lock-id.ts";
import type { EndSeen, GrantSeen, SafetyStep } from "../safety-step.ts";
import type { Choices } from "./choices.ts";

interface Request {
  readonly grantId: string;
  readonly mode: Mode;
}

interface Holder extends Request {
  readonly token: bigint;
}

/** What a history may have besides grants and ends. */
export interface Disturbances {
  readonly gaps: boolean;
  /** Steps that come again, as from a journal that starts from its checkpoint. */
  readonly repeats: boolean;
}

/** Between two tokens there is room for one that is planted. */
const tokenStep = 10n;

/**
 * Local locks of one shard as they are meant to be: first come, first served; exclusive or shared;
 * ended by release, expiry and force.
 */
export class LockModel {
  readonly #choices: Choices;
  readonly #waiters = new Map<string, Request[]>();
  readonly #holders = new Map<string, Holder[]>();
  #revision = 10n;
  #index = 0;
  #requests = 0;
  /** What the model did, in order. */
  readonly steps: SafetyStep[] = [];

  constructor(choices: Choices, locks: readonly string[]) {
    this.#choices = choices;
    for (const lock of locks) {
      this.#waiters.set(lock, []);
      this.#holders.set(lock, []);
    }
  }

  /** Does `count` things, each at a lock that is chosen at random. */
  run(count: number, { gaps, repeats }: Disturbances): readonly SafetyStep[] {
    const choices = this.#choices;
    for (let done = 0; done < count; done++) {
      const lock = choices.of([...this.#holders.keys()]);
      this.#next();
      if (gaps && choices.oneIn(15)) this.#gap();
      else if (repeats && choices.oneIn(15)) this.#repeat();
      else if (choices.oneIn(2)) this.#acquire(lock);
      else this.#end(lock);
    }
    return this.steps;
  }

  #next(): void {
    this.#revision++;
    this.#index = 0;
  }

  #acquire(lock: string): void {
    const mode = this.#choices.oneIn(2) ? "shared" : "exclusive";
    this.#waiters.get(lock)?.push({ grantId: `g${++this.#requests}`, mode });
    this.#promote(lock);
  }

  #end(lock: string): void {
    const holders = this.#holders.get(lock) ?? [];
    if (holders.length === 0) return;
    const holder = this.#choices.of(holders);
    const { grantId, token } = holder;
    const cause = this.#choices.of<EndSeen["cause"]>(["released", "expired", "forced"]);
    this.#holders.set(
      lock,
      holders.filter((other) => other !== holder),
    );
    this.steps.push({ kind: "ended", lock, grantId, token, cause, ...this.#seen() });
    // A release hands over in its own revision, others are noticed later.
    if (cause !== "released") this.#next();
    this.#promote(lock);
  }

  /** Those who come in together have one token. */
  #promote(lock: string): void {
    const waiters = this.#waiters.get(lock) ?? [];
    const holders = this.#holders.get(lock) ?? [];
    const token = this.#revision * tokenStep;
    for (let head = waiters[0]; head !== undefined; head = waiters[0]) {
      const isShared = head.mode === "shared" && holders.every(({ mode }) => mode === "shared");
      if (holders.length > 0 && !isShared) return;
      waiters.shift();
      holders.push({ ...head, token });
      this.steps.push(this.#grant("granted", lock, { ...head, token }));
    }
  }

  /** The latest steps are lost, and the shard is read anew; sometimes twice. */
  #gap(): void {
    this.steps.splice(this.steps.length - this.#choices.below(Math.min(8, this.steps.length + 1)));
    for (let reads = this.#choices.oneIn(3) ? 2 : 1; reads > 0; reads--) {
      this.#next();
      this.steps.push({ kind: "gap", ...this.#seen() });
      const standing = [...this.#holders].flatMap(([lock, holders]) =>
        holders.map((holder) => ({ lock, holder })),
      );
      const found = this.#choices.shuffled(standing);
      const isBroken = reads > 1;
      for (const { lock, holder } of isBroken ? found.slice(found.length / 2) : found) {
        this.steps.push(this.#grant("found", lock, holder));
      }
    }
  }

  #repeat(): void {
    const count = this.#choices.below(Math.min(12, this.steps.length + 1));
    this.steps.push(...this.steps.slice(this.steps.length - count));
  }

  #grant(kind: GrantSeen["kind"], lock: string, holder: Holder): GrantSeen {
    return { kind, lock, ...holder, ...this.#seen() };
  }

  #seen(): Pick<GrantSeen, "region" | "position" | "atMs"> {
    const position = { cluster: "us-1", revision: this.#revision, index: this.#index++ };
    return { region: "us", position, atMs: Number(this.#revision) };
  }
}
