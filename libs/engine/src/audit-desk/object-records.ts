import { utf8Text } from "@holdfast/base/bytes";
import { type ArchiveManifest, headBefore } from "@holdfast/core/audit/archive-manifest";
import { append, type ChainHead } from "@holdfast/core/audit/chain";
import type { ExportedRecord } from "../ports/audit-desk.ts";
import type { Window } from "../ports/ledger.ts";

/** Records that are made at once: whoever else runs in this process waits meanwhile. */
const atOnce = 500;

/**
 * The records of a whole object within a window, some at a time, with the hashes that follow from
 * its manifest. One whose time cannot be read is told with its day.
 */
export function* recordsOf(
  manifest: ArchiveManifest,
  lines: readonly Uint8Array[],
  { fromMs, toMs }: Window,
): Generator<readonly ExportedRecord[]> {
  let head: ChainHead = headBefore(manifest);
  let some: ExportedRecord[] = [];
  for (const line of lines) {
    const link = append(head, line);
    head = { cluster: link.cluster, sequence: link.sequence, hash: link.hash };
    const atMs = timeOf(line);
    const isWithin = atMs === undefined || (atMs >= fromMs && atMs <= toMs);
    if (isWithin) some.push({ ...head, previousHash: link.previous, line });
    if (some.length < atOnce) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}

function timeOf(line: Uint8Array): number | undefined {
  try {
    const { atMs } = JSON.parse(utf8Text(line));
    return typeof atMs === "number" ? atMs : undefined;
  } catch {
    return undefined;
  }
}
