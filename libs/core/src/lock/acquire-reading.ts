import type { KeyValue } from "../txn/txn.ts";

/** What the transaction says about the request. */
export type AcquireReading =
  | { readonly kind: "granted"; readonly revision: bigint }
  /** Nothing was written, and what stood in the way was not read or is gone: ask again. */
  | { readonly kind: "not-free" }
  /** The shard has acknowledged another placement (0: none): nothing was written. */
  | { readonly kind: "epoch"; readonly shardEpoch: number }
  /** The lease of the request has ended: nothing was written. */
  | { readonly kind: "lease-ended" }
  /** The request was given up earlier. */
  | { readonly kind: "given-up" }
  /** A repeat: this request has the lock already. */
  | { readonly kind: "own-grant"; readonly kv: KeyValue }
  | Busy;

/** Others are in the way. */
export interface Busy {
  readonly kind: "busy";
  /** Own place in line: found (a repeat) or just taken; absent if the caller does not wait. */
  readonly place?: { readonly kv?: KeyValue };
  readonly holders: readonly KeyValue[];
  /** Absent where it was not counted. Includes the own place. */
  readonly queueLength?: number;
  /** The shard's revision this was true at. */
  readonly revision: bigint;
}
