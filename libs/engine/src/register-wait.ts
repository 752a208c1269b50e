import type { GrantId } from "@holdfast/base/ids";
import { remembers } from "@holdfast/core/quorum/register";
import type { Fate, GlobalHolder, RegisterValue } from "@holdfast/core/quorum/register-value";
import type { GlobalQueue } from "./global-queue.ts";
import type { GlobalRegister, Notice } from "./global-register.ts";

/** What a {@link RegisterWait} needs, and whom it tells. */
export interface RegisterWaitOptions {
  readonly grantId: GrantId;
  readonly queue: GlobalQueue;
  readonly register: GlobalRegister;
  readonly onPlace: (place: number) => void;
  /** The register says that it has the lock. */
  readonly onHolding: (holder: GlobalHolder, confirmed: Notice["confirmed"]) => void;
  /** The register says how it ended. */
  readonly onEnded: (fate: Fate, value: RegisterValue) => void;
  /** Only the register can tell how it stands, or has room for it now: ask it. */
  readonly onTurn: () => void;
}

/** Where one request stands while it waits: in the register, or in line for a place there. */
export class RegisterWait {
  readonly #options: RegisterWaitOptions;
  #leave: (() => void) | undefined;
  #clearedAt: number | undefined;

  constructor(options: RegisterWaitOptions) {
    this.#options = options;
  }

  /** While it stands in line: the version by which it had not ended. */
  get clearedAt(): number | undefined {
    return this.#clearedAt;
  }

  /** It stands in the register's own line. */
  inRegister(notice: Notice): void {
    const { queue, grantId, onPlace } = this.#options;
    this.leave();
    this.#leave = queue.wait(grantId, { onPlace, onNotice: (seen) => this.#onNotice(seen) });
    queue.tell(notice);
  }

  /** The register has no room for it yet: it stands in this region's line. False: that is full. */
  inLine(): boolean {
    const { queue, register, grantId, onPlace, onTurn } = this.#options;
    const left = queue.standInLine(grantId, {
      onPlace,
      onNotice: ({ value }) => this.#clear(value),
      onTurn,
    });
    if (left === "full") return false;
    this.#leave?.();
    this.#leave = left;
    const { newest } = register;
    if (newest !== undefined) this.#clear(newest);
    return true;
  }

  /** It stands nowhere any more, and hears of nothing; in the register itself its place stays. */
  leave(): void {
    this.#leave?.();
    this.#leave = undefined;
  }

  #onNotice({ value, confirmed }: Notice): void {
    const { grantId, onHolding, onEnded, onTurn } = this.#options;
    const holder = value.holders.find((each) => each.grantId === grantId);
    if (holder !== undefined) {
      onHolding(holder, confirmed);
      return;
    }
    if (value.waiters.some((waiter) => waiter.grantId === grantId)) return;
    const ended = value.recent.findLast((each) => each.grantId === grantId);
    // Neither here nor there: the register has forgotten how it ended, and can only be asked.
    if (ended === undefined) onTurn();
    else onEnded(ended.fate, value);
  }

  /**
   * The register knows nothing of those in line, and forgets that one of them was cancelled by way
   * of another coordinator: by the time its turn comes it would be granted. So it is looked up in
   * each value that is seen, and where some were missed the register is asked as of before [H6].
   */
  #clear(value: RegisterValue): void {
    const { grantId, onEnded } = this.#options;
    const ended = value.recent.findLast((each) => each.grantId === grantId);
    if (ended !== undefined) onEnded(ended.fate, value);
    else if (this.#clearedAt === undefined || remembers(value.recent, this.#clearedAt)) {
      this.#clearedAt = value.version;
    }
  }
}
