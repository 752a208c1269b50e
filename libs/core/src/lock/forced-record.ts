import { utf8, utf8Text } from "@holdfast/base/bytes";
import type { Tenant } from "../command/outcome.ts";

/** What `f/…` says of one forced release: for a journal, and for a repeat of the request. */
export interface ForcedRecord {
  readonly actor: string;
  readonly reason: string;
  readonly request: string;
  /** The revision the request first saw, in decimal: who came later is not meant. */
  readonly upTo: string;
  /** Who lost the lock. */
  readonly holder: Pick<Tenant, "mode" | "owner" | "hasSession" | "ttlMs"> & {
    readonly token: string;
  };
}

/** The stored form: JSON, so that an operator can read it with the store's own tools. */
export function encodeForced(record: ForcedRecord): Uint8Array {
  return utf8(JSON.stringify(record));
}

/** Undefined where the bytes are damaged. */
export function decodeForced(bytes: Uint8Array): ForcedRecord | undefined {
  try {
    const record = JSON.parse(utf8Text(bytes));
    const isWhole = typeof record.actor === "string" && typeof record.reason === "string";
    return isWhole ? record : undefined;
  } catch {
    return undefined;
  }
}
