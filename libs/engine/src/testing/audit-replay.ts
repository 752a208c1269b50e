import { invariant } from "@holdfast/base/invariant";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { lockKey } from "@holdfast/core/lock/lock-id";

/**
 * Who holds and who waits after some events of one shard, or of one region's copies of registers:
 * a text for each. A tenure that begins twice, or ends without having begun, is a failed test.
 */
export class AuditReplay {
  readonly #standing = new Set<string>();

  constructor(events: readonly AuditEvent[]) {
    for (const event of events) this.#apply(event);
  }

  /** `holder` or `place`, the lock, the grant and its token, in order. */
  get standing(): string[] {
    return [...this.#standing].sort();
  }

  #apply(event: AuditEvent): void {
    switch (event.kind) {
      case "LockAcquired":
      case "LockHandedOver":
      case "DelegatedGranted":
        if (event.queuedAt !== undefined) this.#end(event, placeOf(event));
        this.#begin(event, holderOf(event));
        break;
      case "GlobalGranted":
      case "DelegationGiven":
        // The line of a register is left without an event of its own.
        this.#standing.delete(placeOf(event));
        this.#begin(event, holderOf(event));
        break;
      case "LockReleased":
      case "LockExpired":
      case "LockForceReleased":
      case "DelegatedReleased":
      case "DelegatedLost":
      case "GlobalReleased":
      case "GlobalTakenOver":
      case "GlobalForceReleased":
      case "DelegationEnded":
        this.#end(event, holderOf(event));
        break;
      case "LockRenewed":
        invariant(this.#standing.has(holderOf(event)), "only a tenure goes on");
        break;
      case "DelegationRenewed": {
        const before = [...this.#standing].find((each) => each.startsWith(stemOf(event)));
        this.#end(event, before ?? holderOf(event));
        this.#begin(event, holderOf(event));
        break;
      }
      case "WaiterQueued":
        this.#begin(event, placeOf(event));
        break;
      case "WaiterLeft":
        this.#end(event, placeOf(event));
        break;
      default:
        invariant(event.kind !== "RecordUnreadable", "nothing odd was written");
    }
  }

  #begin(event: AuditEvent, what: string): void {
    invariant(!this.#standing.has(what), `${what} begins once, not again at ${event.revision}`);
    this.#standing.add(what);
  }

  #end(event: AuditEvent, what: string): void {
    invariant(this.#standing.delete(what), `${what} ends at ${event.revision} and never began`);
  }
}

type OfGrant = Extract<AuditEvent, { readonly grantId: string; readonly owner: string }>;

function stemOf({ lock, grantId }: OfGrant): string {
  return `holder ${lockKey(lock)} ${grantId} `;
}

function holderOf(event: Extract<OfGrant, { readonly token: bigint }>): string {
  return `${stemOf(event)}${event.token}`;
}

/** A line of a register and one of a shard are two. */
function placeOf(event: OfGrant): string {
  const line = "version" in event && event.version !== undefined ? "register" : "shard";
  return `place ${lockKey(event.lock)} ${event.grantId} in the ${line}`;
}
