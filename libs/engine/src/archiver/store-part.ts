import { compareBytes } from "@holdfast/base/bytes";
import { sha256 } from "@holdfast/base/digest";
import { invariant } from "@holdfast/base/invariant";
import { manifestKeyFor } from "@holdfast/core/audit/archive-keys";
import { encodeManifest } from "@holdfast/core/audit/archive-manifest";
import type { Archive, ArchiveNotDone, NewObject } from "../ports/archive.ts";
import type { Ledger, NotDone } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import type { BuiltPart } from "./part-writer.ts";
import { readPart } from "./read-part.ts";

/** At which step of archiving something went wrong. */
export type ArchiveStep = "ledger" | "put" | "read-back" | "record" | "drop";

/** Something did not come about; it is tried again in the next round. */
export interface StepFailure {
  readonly kind: "failed";
  readonly step: ArchiveStep;
  readonly message: string;
}

/** What became of a part. `taken`: another archiver recorded another part under its number. */
export type StoreReply =
  | { readonly kind: "recorded"; readonly part: ArchivedPart }
  | { readonly kind: "taken" }
  | StepFailure;

/** Where a part goes, and for how long. */
export interface StorePlace {
  readonly archive: Archive;
  readonly ledger: Pick<Ledger, "recordArchived">;
  readonly nowMs: number;
  readonly retainUntilMs: number;
}

/**
 * Stores an object and its manifest, and reads both back: whatever the store answered, only what
 * comes back as it was sent is recorded. Whoever is killed in between finds its own object under
 * the same key, and goes on.
 */
export async function storePart(
  { archive, ledger, nowMs, retainUntilMs }: StorePlace,
  { bytes, manifest }: BuiltPart,
): Promise<StoreReply> {
  const { key, day, cluster, part, rows } = manifest;
  const lines = { key, bytes, sha256: manifest.sha256, retainUntilMs, contentType: gzipType };
  const refused = await put(archive, lines);
  if (refused !== undefined) return refused;
  const read = await readPart(archive, manifest);
  if (read.kind !== "whole") return failed("read-back", explained(read));
  const manifestProblem = await storeManifest(archive, manifest, retainUntilMs);
  if (manifestProblem !== undefined) return manifestProblem;
  const recorded: ArchivedPart = {
    ...{ day, cluster, part, bucket: archive.bucket, key, rows },
    ...{ bytes: manifest.bytes, sha256: manifest.sha256 },
    ...{ firstSequence: manifest.firstSequence, firstHash: manifest.firstHash },
    ...{ lastSequence: manifest.lastSequence, lastHash: manifest.lastHash },
    archivedAtMs: nowMs,
  };
  const reply = await ledger.recordArchived(recorded);
  if (reply.kind === "recorded") return { kind: "recorded", part: recorded };
  if (reply.kind === "refused" && reply.reason === "conflict") return { kind: "taken" };
  return failed("record", reply.message);
}

const gzipType = "application/gzip";
const jsonType = "application/json";

async function storeManifest(
  archive: Archive,
  manifest: BuiltPart["manifest"],
  retainUntilMs: number,
): Promise<StepFailure | undefined> {
  const key = manifestKeyFor(manifest.key);
  invariant(key !== undefined, "lines have a manifest");
  const bytes = encodeManifest(manifest);
  const object = { key, bytes, sha256: sha256(bytes), retainUntilMs, contentType: jsonType };
  const refused = await put(archive, object);
  if (refused !== undefined) return refused;
  const got = await archive.get(key);
  if (got.kind === "found" && compareBytes(got.bytes, bytes) === 0) return undefined;
  return failed("read-back", got.kind === "found" ? `${key} came back changed` : explained(got));
}

/** What may have been put is looked at, too: it is what comes back that counts. */
async function put(archive: Archive, object: NewObject): Promise<StepFailure | undefined> {
  const reply = await archive.put(object);
  if (reply.kind === "refused" || reply.kind === "unavailable") {
    return failed("put", reply.message);
  }
  return undefined;
}

function explained(
  read: { readonly kind: "missing" | "frozen" } | { readonly message: string } | ArchiveNotDone,
): string {
  return "message" in read ? read.message : `what was stored is ${read.kind}`;
}

/** See {@link StepFailure}. */
export function failed(step: ArchiveStep, message: string): StepFailure {
  return { kind: "failed", step, message };
}

/** A reading of the ledger that did not come about. */
export function ledgerFailed({ message }: NotDone): StepFailure {
  return failed("ledger", message);
}
