import type { GrantId } from "@holdfast/base/ids";
import { decodeState } from "@holdfast/core/delegation/delegation-state";
import { decodeHolder } from "@holdfast/core/delegation/local-record";
import { parseGrantKey } from "@holdfast/core/quorum/register-keys";
import type { GlobalHolder } from "@holdfast/core/quorum/register-value";
import type { WatchEvent } from "@holdfast/engine/ports/shard-store";

/** What hears of grants by delegation. */
export interface DelegatedListener {
  delegatedGrant(lock: string, holder: GlobalHolder, delegation: GrantId | undefined): void;
  delegatedEnd(lock: string, holder: GlobalHolder): void;
  broken(checker: string, message: string): void;
}

/** Who has the lock in one region's shard by delegation, in the moment it is written. */
export class DelegatedTruth {
  readonly #listener: DelegatedListener;
  /** By lock and region. */
  readonly #holders = new Map<string, GlobalHolder>();
  readonly #tokens = new Map<string, Set<bigint>>();

  constructor(listener: DelegatedListener) {
    this.#listener = listener;
  }

  /** Who has it in a region, whether or not the delegation is still in force. */
  holderIn(region: string, lock: string): GlobalHolder | undefined {
    return this.#holders.get(`${region} ${lock}`);
  }

  /** It was given this token by some shard. */
  wasGranted(grantId: GrantId, token: bigint): boolean {
    return this.#tokens.get(grantId)?.has(token) ?? false;
  }

  /** All of one transaction. */
  stored(region: string, events: readonly WatchEvent[]): void {
    const delegation = events
      .map(({ kind, kv }) => (kind === "put" ? decodeStateOf(kv) : undefined))
      .find((state) => state !== undefined)?.id;
    // A hand-over takes from one before it gives to the other.
    const sorted = [...events].sort((one, two) => (one.kind < two.kind ? -1 : 1));
    for (const { kind, kv } of sorted) {
      const key = parseGrantKey(kv.key);
      if (key?.kind !== "h") continue;
      const lock = `${key.namespace}/${key.name}`;
      const place = `${region} ${lock}`;
      const before = this.#holders.get(place);
      if (kind === "delete") {
        if (before?.grantId !== key.grantId) continue;
        this.#holders.delete(place);
        this.#listener.delegatedEnd(lock, before);
        continue;
      }
      const record = decodeHolder(kv.value);
      if (record === undefined) {
        this.#listener.broken("codec", `${kv.key} cannot be read`);
        continue;
      }
      const holder = { ...record.request, token: record.token };
      if (before !== undefined) {
        const who = `${before.grantId} and ${holder.grantId}`;
        this.#listener.broken("one-holder", `${lock}: ${who} in ${region}`);
      }
      this.#holders.set(place, holder);
      const tokens = this.#tokens.get(holder.grantId) ?? new Set();
      this.#tokens.set(holder.grantId, tokens.add(holder.token));
      this.#listener.delegatedGrant(lock, holder, delegation);
    }
  }
}

function decodeStateOf({ key, value }: WatchEvent["kv"]) {
  return key.endsWith("/\0d") ? decodeState(value) : undefined;
}
