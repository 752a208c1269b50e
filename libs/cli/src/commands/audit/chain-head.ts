import type { ChainHead } from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { usageError } from "../../cli-error.ts";

/** A head as it is printed and kept: `chain@number:hash`; empty where there is no record. */
export function printHead(head: ChainHead | undefined): string {
  if (head === undefined || head.sequence === 0n) return "";
  return `${head.cluster}@${head.sequence}:${Buffer.from(head.hash).toString("hex")}`;
}

/** Reads what {@link printHead} printed. */
export function parseHead(text: string): ChainHead {
  const [, cluster, sequence, hash] = /^(.+)@(\d{1,19}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (cluster === undefined || sequence === undefined || hash === undefined) {
    throw usageError(
      `--head ${JSON.stringify(text.slice(0, 120))} is no head.`,
      "Give back what an earlier verification printed: chain@number:hash, the hash in 64 hex digits.",
    );
  }
  return { cluster, sequence: BigInt(sequence), hash: Buffer.from(hash, "hex") };
}
