import type { ArchiveManifest } from "@holdfast/core/audit/archive-manifest";
import type { PartProblem } from "../archiver/read-part.ts";
import type { UnreadWhy } from "../ports/audit-desk.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import type { ObjectReader } from "./object-reader.ts";

/** What one question finds an object to be. */
export type ObjectLook =
  | {
      readonly kind: "whole";
      readonly lines: readonly Uint8Array[];
      readonly manifest: ArchiveManifest;
    }
  | (PartProblem & { readonly manifest?: ArchiveManifest })
  | {
      readonly kind: "unread";
      readonly why: UnreadWhy;
      readonly message: string;
      readonly manifest?: ArchiveManifest;
    };

/** After so many in a row that the store did not give, the rest is not asked for. */
const failuresMax = 3;

/** Looks at objects for one question, or says why it does not. */
export class ObjectLooks {
  readonly #reader: ObjectReader | undefined;
  readonly #isHotOnly: boolean;
  #failures = 0;

  /** Without a reader none can be read. */
  constructor(reader: ObjectReader | undefined, isHotOnly: boolean) {
    this.#reader = reader;
    this.#isHotOnly = isHotOnly;
  }

  async look(part: ArchivedPart): Promise<ObjectLook> {
    if (this.#isHotOnly) return unread("hot-only", "Only the hot store was to be read.");
    if (this.#reader === undefined) {
      return unread("no-archive", "Who was asked has no access to the archive.");
    }
    if (this.#failures >= failuresMax) {
      const message = `The store did not give ${failuresMax} objects, so the rest was not asked for.`;
      return unread("unavailable", message);
    }
    const { manifest, ...look } = await this.#reader.look(part);
    this.#failures = look.kind === "unread" ? this.#failures + 1 : 0;
    const known = manifest === undefined ? {} : { manifest };
    if (look.kind === "damaged") return { ...look, ...known };
    if (look.kind === "whole" && manifest !== undefined) return { ...look, manifest };
    if (look.kind === "frozen") {
      const why = look.isRestoring ? "restoring" : "frozen";
      return { ...unread(why, `${part.key} is in ${look.storageClass}.`), ...known };
    }
    const message = "message" in look ? look.message : `${part.key} has no manifest.`;
    return { ...unread("unavailable", message), ...known };
  }
}

function unread(why: UnreadWhy, message: string) {
  return { kind: "unread", why, message } as const;
}
