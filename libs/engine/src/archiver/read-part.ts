import { sha256 } from "@holdfast/base/digest";
import { manifestKeyFor } from "@holdfast/core/audit/archive-keys";
import type { StorageClass } from "@holdfast/core/audit/archive-lifecycle";
import { decodeLines } from "@holdfast/core/audit/archive-lines";
import { type ArchiveManifest, decodeManifest } from "@holdfast/core/audit/archive-manifest";
import { sameHash } from "@holdfast/core/audit/chain";
import type { Damage } from "@holdfast/core/audit/chain-damage";
import { type PartState, partState, partSteps } from "@holdfast/core/audit/verify-part";
import type { Archive, ArchiveNotDone } from "../ports/archive.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { decompressed } from "./compression.ts";

/** What is wrong with an object or its manifest. */
export interface PartProblem {
  readonly kind: "damaged";
  readonly what: "missing" | "changed";
  /** For people; names the object. */
  readonly message: string;
  /** Which record is the first bad one, where that can be told. */
  readonly damage?: Damage;
}

/** A manifest that agrees with what the ledger recorded. */
export type ManifestRead =
  | { readonly kind: "manifest"; readonly manifest: ArchiveManifest }
  | PartProblem
  | ArchiveNotDone;

/** What an object is like. */
export type PartRead =
  | { readonly kind: "whole"; readonly lines: readonly Uint8Array[] }
  /** It must be restored before it can be read. Its size is the recorded one. */
  | { readonly kind: "frozen"; readonly storageClass: StorageClass; readonly isRestoring: boolean }
  | PartProblem
  | ArchiveNotDone;

/** What of a part's record its manifest must say as well. */
type Recorded = Pick<
  ArchivedPart,
  | "bucket"
  | "key"
  | "bytes"
  | "sha256"
  | "rows"
  | "firstSequence"
  | "firstHash"
  | "lastSequence"
  | "lastHash"
>;

/** Reads the manifest of a recorded part. */
export async function readManifest(archive: Archive, part: Recorded): Promise<ManifestRead> {
  if (part.bucket !== archive.bucket) {
    const message = `${part.key} lies in bucket ${part.bucket}, and not in ${archive.bucket}`;
    return { kind: "unavailable", message };
  }
  const key = manifestKeyFor(part.key);
  if (key === undefined) return damaged(`${part.key} is no object of lines`);
  const got = await archive.get(key);
  if (got.kind === "missing") return damaged(`${key} is missing`, "missing");
  if (got.kind === "frozen") return damaged(`${key} was moved to ${got.storageClass}`);
  if (got.kind !== "found") return got;
  const manifest = decodeManifest(got.bytes);
  if (manifest === undefined) return damaged(`${key} is no manifest`);
  if (!isOf(manifest, part)) return damaged(`${key} says otherwise than the ledger's record of it`);
  return { kind: "manifest", manifest };
}

/** Lets others get on for a moment. */
export type Pause = () => Promise<unknown>;

/**
 * Reads an object and verifies every record in it: seconds of work where it is full, so a process
 * that has something else to do gives a `pause`.
 */
export async function readPart(
  archive: Archive,
  manifest: ArchiveManifest,
  pause?: Pause,
): Promise<PartRead> {
  const { key } = manifest;
  const got = await archive.get(key);
  if (got.kind === "missing") return damaged(`${key} is missing`, "missing");
  if (got.kind === "frozen") return frozen(archive, manifest, got);
  if (got.kind !== "found") return got;
  const isSame = sameHash(sha256(got.bytes), manifest.sha256);
  const content = await decompressed(got.bytes, manifest.lineBytes + slackBytes);
  const lines = content === undefined ? undefined : decodeLines(content);
  if (lines === undefined) return damaged(`${key} cannot be read: its content was changed`);
  const state = await stateOf(manifest, lines, pause);
  if (state.kind === "damaged") {
    const { damage } = state;
    return { kind: "damaged", what: "changed", message: `${key}: ${damage.message}`, damage };
  }
  if (state.kind === "manifest-damaged") return damaged(state.message);
  if (!isSame) return damaged(`${key} holds its records in other bytes than were stored`);
  return { kind: "whole", lines };
}

async function stateOf(
  manifest: ArchiveManifest,
  lines: readonly Uint8Array[],
  pause: Pause | undefined,
): Promise<PartState> {
  if (pause === undefined) return partState(manifest, lines);
  const steps = partSteps(manifest, lines);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await pause();
  }
}

/** What was added to an object is to be found by its records, where it is not too much. */
const slackBytes = 1024 * 1024;

async function frozen(
  archive: Archive,
  { key, bytes }: ArchiveManifest,
  got: Extract<PartRead, { kind: "frozen" }>,
): Promise<PartRead> {
  const head = await archive.head(key);
  if (head.kind === "missing") return damaged(`${key} is missing`, "missing");
  if (head.kind !== "there") return head;
  if (head.bytes === bytes) return got;
  return damaged(`${key} has ${head.bytes} bytes and not ${bytes}`);
}

function isOf(manifest: ArchiveManifest, part: Recorded): boolean {
  return (
    manifest.key === part.key &&
    manifest.bytes === part.bytes &&
    manifest.rows === part.rows &&
    manifest.firstSequence === part.firstSequence &&
    manifest.lastSequence === part.lastSequence &&
    sameHash(manifest.sha256, part.sha256) &&
    sameHash(manifest.firstHash, part.firstHash) &&
    sameHash(manifest.lastHash, part.lastHash)
  );
}

function damaged(message: string, what: PartProblem["what"] = "changed"): PartProblem {
  return { kind: "damaged", what, message: `In the archive, ${message}.` };
}
