import type { GrantId } from "@holdfast/base/ids";
import { type Ballot, compareBallots, printBallot } from "@holdfast/core/quorum/ballot";
import type { Accepted } from "@holdfast/core/quorum/message";
import {
  emptyRegister,
  type Fate,
  type GlobalHolder,
  type RegisterValue,
} from "@holdfast/core/quorum/register-value";
import { majority } from "@holdfast/core/quorum/votes";
import { requestLabel } from "@holdfast/simulator/history/history-recorder";

/** What hears of a register's changes, and of what must not be. */
export interface TruthListener {
  granted(lock: string, holder: GlobalHolder, fromLine: boolean): void;
  /** `fate`: undefined where the register does not say. */
  ended(lock: string, holder: GlobalHolder, fate: Fate | undefined): void;
  broken(checker: string, message: string): void;
}

interface Proposal {
  readonly accepted: Accepted;
  readonly text: string;
  readonly regions: Set<string>;
}

/** Proposals that are kept to be recognised when another region accepts them. */
const proposalsMax = 200;

/** What is chosen of one lock, in the moment in which a second region accepts it. */
export class RegisterTruth {
  readonly lock: string;
  readonly #listener: TruthListener;
  readonly #proposals = new Map<string, Proposal>();
  readonly #tokens = new Map<GrantId, bigint>();
  readonly #ended = new Set<GrantId>();
  #ballot: Ballot | undefined;
  value: RegisterValue = emptyRegister;
  changes = 0;

  constructor(lock: string, listener: TruthListener) {
    this.lock = lock;
    this.#listener = listener;
  }

  /** The token of a grant that was chosen at some time. */
  tokenOf(grantId: GrantId): bigint | undefined {
    return this.#tokens.get(grantId);
  }

  holder(grantId: GrantId): GlobalHolder | undefined {
    return this.value.holders.find((each) => each.grantId === grantId);
  }

  accepted(region: string, accepted: Accepted, bytes: Uint8Array): void {
    const key = printBallot(accepted.ballot);
    const text = Buffer.from(bytes).toString("latin1");
    const known = this.#proposals.get(key) ?? { accepted, text, regions: new Set() };
    if (known.text !== text) this.#broken("ballot-once", `${key} has two values`);
    this.#proposals.set(key, known);
    known.regions.add(region);
    const [oldest] = this.#proposals.keys();
    if (this.#proposals.size > proposalsMax && oldest !== undefined) this.#proposals.delete(oldest);
    const isNew = this.#ballot === undefined || compareBallots(accepted.ballot, this.#ballot) > 0;
    if (known.regions.size === majority && isNew) this.#choose(accepted);
  }

  #choose({ ballot, value }: Accepted): void {
    const before = this.value;
    this.#ballot = ballot;
    this.value = value;
    if (value.version < before.version || value.token < before.token) {
      this.#broken("chain", `version ${before.version} was followed by ${value.version}`);
    }
    if (value.version !== before.version) this.changes++;
    this.#checkLine(before, value);
    for (const holder of before.holders) {
      if (!value.holders.some(({ grantId }) => grantId === holder.grantId)) {
        this.#ended.add(holder.grantId);
        const ended = value.recent.findLast(({ grantId }) => grantId === holder.grantId);
        this.#listener.ended(this.lock, holder, ended?.fate);
      }
    }
    const fresh = value.holders.filter(({ grantId }) => {
      return !before.holders.some((each) => each.grantId === grantId);
    });
    for (const holder of fresh) this.#grant(before, holder);
    const exclusive = value.holders.filter(({ mode }) => mode === "exclusive");
    if (exclusive.length > 0 && value.holders.length > 1) {
      this.#broken("one-holder", value.holders.map(printHolder).join(" and "));
    }
  }

  #grant(before: RegisterValue, holder: GlobalHolder): void {
    const { grantId, token } = holder;
    if (this.#ended.has(grantId) || this.#tokens.has(grantId)) {
      this.#broken("granted-once", `${printHolder(holder)} was granted again`);
    }
    if (token <= before.token) {
      this.#broken("tokens-rise", `${printHolder(holder)} after token ${before.token}`);
    }
    this.#tokens.set(grantId, token);
    const fromLine = before.waiters.some((waiter) => waiter.grantId === grantId);
    this.#listener.granted(this.lock, holder, fromLine);
  }

  /** Those in line keep their order, and nobody overtakes them. */
  #checkLine(before: RegisterValue, value: RegisterValue): void {
    const places = new Map(before.waiters.map(({ grantId }, index) => [grantId, index]));
    const left = value.waiters.map(({ grantId }) => places.get(grantId) ?? Number.MAX_SAFE_INTEGER);
    const isInOrder = left.every((place, index) => index === 0 || (left[index - 1] ?? -1) <= place);
    if (!isInOrder) this.#broken("fifo-order", "the line has changed its order");
    const head = Math.min(...left);
    for (const holder of value.holders) {
      if (before.holders.some(({ grantId }) => grantId === holder.grantId)) continue;
      const place = places.get(holder.grantId) ?? Number.MAX_SAFE_INTEGER;
      if (place > head) this.#broken("fifo-order", `${printHolder(holder)} overtook the line`);
    }
  }

  #broken(checker: string, message: string): void {
    this.#listener.broken(checker, `${this.lock}: ${message}`);
  }
}

/** The request of the workload that a grant was made for. */
export function requestOfHolder({ metadata, grantId }: GlobalHolder): string {
  return metadata[requestLabel] ?? grantId;
}

function printHolder(holder: GlobalHolder): string {
  return `${requestOfHolder(holder)} (${holder.mode}, token ${holder.token})`;
}
