import type { ArchiveManifest } from "@holdfast/core/audit/archive-manifest";
import type { Archive } from "../ports/archive.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import {
  type PartProblem,
  type PartRead,
  type Pause,
  readManifest,
  readPart,
} from "./read-part.ts";

/** What was found of a recorded part; its manifest, where that is sound. */
export type PartLook = (
  | Extract<PartRead, { readonly kind: "whole" | "frozen" }>
  | PartProblem
  /** The store did not give it. */
  | { readonly kind: "unread"; readonly message: string }
) & { readonly manifest?: ArchiveManifest };

/** Reads a recorded part, and verifies every record in it. */
export async function lookAtPart(
  archive: Archive,
  part: ArchivedPart,
  pause?: Pause,
): Promise<PartLook> {
  const read = await readManifest(archive, part);
  if (read.kind === "damaged") return read;
  if (read.kind !== "manifest") return { kind: "unread", message: read.message };
  const { manifest } = read;
  const found = await readPart(archive, manifest, pause);
  const isTold = found.kind === "whole" || found.kind === "frozen" || found.kind === "damaged";
  return isTold ? { ...found, manifest } : { kind: "unread", message: found.message, manifest };
}
