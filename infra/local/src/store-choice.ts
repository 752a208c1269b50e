import { PINNED } from "@holdfast/toolchain/pinned-versions";
import type { FindResult, FoundTool } from "@holdfast/toolchain/tool";
import { EXIT_UNAVAILABLE, type Refusal, refusal } from "./refusal.ts";

/** Where the locks will be kept. */
export type StoreChoice =
  | { readonly kind: "etcd"; readonly etcd: FoundTool; readonly headline: string }
  | { readonly kind: "memory"; readonly headline: string };

const NOT_DURABLE = "MEMORY STORE, NOT DURABLE: locks are forgotten when this stops";

/**
 * Decides by what the user asked for and what the search for etcd found. Nobody who asked for
 * nothing is refused: without etcd they get memory, and the first line they read says so.
 */
export function chooseStore(
  asked: "etcd" | "memory" | undefined,
  search: () => Promise<FindResult>,
): Promise<StoreChoice | Refusal> {
  if (asked === "memory") return Promise.resolve({ kind: "memory", headline: NOT_DURABLE });
  return search().then((found) => judge(asked, found));
}

function judge(asked: "etcd" | undefined, found: FindResult): StoreChoice | Refusal {
  if (found.kind === "found") {
    return { kind: "etcd", etcd: found, headline: `etcd ${found.version}, ${found.why}` };
  }
  const remedy = `put etcd ${PINNED.etcd.versionMin} or newer, or Go, on PATH, or start Docker`;
  if (asked === "etcd") {
    return refusal(
      found.reason,
      [remedy, "or keep the locks in memory: npm start -- --store memory"],
      EXIT_UNAVAILABLE,
    );
  }
  return { kind: "memory", headline: `${NOT_DURABLE} (${found.reason}). To keep locks, ${remedy}` };
}
