import { utf8 } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { append, type ChainHead, genesis, headOf } from "@holdfast/core/audit/chain";
import type { AuditEvent, Happening } from "@holdfast/core/audit/event";
import { encodeEvent } from "@holdfast/core/audit/event-codec";
import type { LockId } from "@holdfast/core/lock/lock-id";
import { eventRecord } from "../event-record.ts";
import type { EventRecord } from "../ports/event-log.ts";

/** Where a script's history happens. */
export interface ScriptOptions {
  readonly region?: string;
  readonly shard?: string;
  /** The time of its first event; each later one is a millisecond younger. */
  readonly startMs?: number;
}

/** Writes the history of one shard as its journal would: a revision an event, each in the chain. */
export class EventScript {
  readonly region: string;
  readonly cluster: string;
  readonly #shard: string;
  readonly #startMs: number;
  #revision = 0n;
  #token = 100n;
  #head: ChainHead;

  constructor({ region = "us-east-1", shard = "s0", startMs = noonMs }: ScriptOptions = {}) {
    this.region = region;
    this.#shard = shard;
    this.#startMs = startMs;
    this.cluster = `test/${region}/${shard}`;
    this.#head = genesis(this.cluster);
  }

  /** How many there were. */
  get count(): number {
    return Number(this.#revision);
  }

  /** Somebody gets a local lock, under a larger token than anybody before. */
  granted(name: string, grantId: string, more: object = {}): EventRecord {
    this.#token += 1n;
    return this.record({ ...this.#tenure(name, grantId), kind: "LockAcquired", ...more });
  }

  /** The end of the grant that was given last. */
  released(name: string, grantId: string, more: object = {}): EventRecord {
    const tenure = this.#tenure(name, grantId);
    return this.record({ ...tenure, kind: "LockReleased", cause: "released", ...more });
  }

  /** A tenure of a lock from its beginning to its end. */
  tenure(name: string, grantId: string): EventRecord[] {
    return [this.granted(name, grantId), this.released(name, grantId)];
  }

  record(happening: Happening): EventRecord {
    this.#revision += 1n;
    const place = { region: this.region, shard: this.#shard, cluster: this.cluster };
    const atMs = this.#startMs + Number(this.#revision);
    const event: AuditEvent = { ...place, revision: this.#revision, index: 0, atMs, ...happening };
    const link = append(this.#head, utf8(encodeEvent(event)));
    this.#head = headOf(link);
    return eventRecord(event, link);
  }

  #tenure(name: string, grantId: string) {
    return {
      lock: lockNamed(name, this.region),
      grantId: grantId as GrantId,
      mode: "exclusive",
      owner: `owner of ${grantId}`,
      session: `session of ${grantId}`,
      ttlMs: 10_000,
      token: this.#token,
    } as const;
  }
}

const noonMs = Date.UTC(2026, 10, 22, 12);

/** A lock of a script. */
export function lockNamed(name: string, region = "us-east-1"): LockId {
  return { region, namespace: "default", name };
}
