import type { GrantId } from "@holdfast/base/ids";
import type { LocalHolder } from "@holdfast/core/delegation/local-step";
import { tellGrant } from "./delegated-answers.ts";
import type { DelegatedLine } from "./delegated-line.ts";

/** Who has a delegated lock, as far as its coordinator knows, and whether that one was told. */
export class DelegatedHolder {
  readonly #line: DelegatedLine;
  readonly #vouchedMs: () => number;
  #now: LocalHolder | undefined;
  #needed: GrantId | undefined;

  /** `vouchedMs`: how long the delegation vouches for whoever has the lock, from now on. */
  constructor(line: DelegatedLine, vouchedMs: () => number) {
    this.#line = line;
    this.#vouchedMs = vouchedMs;
  }

  get now(): LocalHolder | undefined {
    return this.#now;
  }

  /** It has the lock; under this token, if one is given. */
  is(grantId: GrantId, token = this.#now?.token): boolean {
    return this.#now?.grantId === grantId && this.#now.token === token;
  }

  /** Somebody asks this coordinator how long it may be believed in. */
  need(grantId: GrantId): void {
    this.#needed = grantId;
  }

  /** If it has the lock, somebody waits here to be told so, or for how long. */
  isNeeded(grantId: GrantId): boolean {
    return this.#line.get(grantId) !== undefined || this.#needed === grantId;
  }

  set(holder: LocalHolder | undefined): void {
    this.#now = holder;
    this.#line.holder = holder?.grantId;
  }

  /** Tells it once it is vouched for: a delegation that was just found is not confirmed yet. */
  tell(): void {
    const vouchedMs = this.#vouchedMs();
    if (this.#now === undefined || vouchedMs <= 0) return;
    const waiting = this.#line.remove(this.#now.grantId);
    if (waiting !== undefined) tellGrant(waiting.asking, this.#now.token, vouchedMs);
  }
}
