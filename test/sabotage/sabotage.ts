import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { invariant } from "@holdfast/base/invariant";

/** One place in one source file, and what stands there instead in the sabotaged build. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  /** Must occur exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

const root = new URL("../../", import.meta.url);

/**
 * Makes this process load a sabotaged build: the text of the edited files is changed as they are
 * loaded, so production code carries no hook for it. Call before anything imports them.
 */
export function sabotage(edits: readonly Edit[]): void {
  const byUrl = Map.groupBy(edits, (edit) => new URL(edit.file, root).href);
  for (const [url, own] of byUrl) sabotaged(readFileSync(fileURLToPath(url), "utf8"), own);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const own = byUrl.get(url);
      if (own === undefined) return loaded;
      invariant(loaded.source != null, `${url} is loaded as text`);
      const text =
        typeof loaded.source === "string"
          ? loaded.source
          : Buffer.from(loaded.source as Uint8Array).toString("utf8");
      return { ...loaded, source: sabotaged(text, own) };
    },
  });
}

/** The sabotaged text; throws where a line to be changed is not there, or is there twice. */
export function sabotaged(source: string, edits: readonly Edit[]): string {
  let text = source;
  for (const { file, find, replace } of edits) {
    const count = text.split(find).length - 1;
    // A mutant whose line has changed would be the honest build, and would survive for no reason.
    invariant(count === 1, `${file} holds this ${count} times instead of once: ${find}`);
    text = text.replace(find, () => replace);
  }
  return text;
}
