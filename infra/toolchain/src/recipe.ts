import type { ToolName, ToolSource } from "./tool.ts";

/** What a maker may use while it works. */
export interface MakeContext {
  /** An empty folder; what lies in it afterwards becomes the cache entry. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal | undefined;
  report(message: string, done?: number, total?: number): void;
}

export type MakeResult =
  | { readonly kind: "made"; readonly how: string }
  /** `why` completes the sentence "…, because": what this way lacks on this machine. */
  | { readonly kind: "not-possible"; readonly why: string };

/** One way to get a tool that is neither on PATH nor in the cache. */
export interface Maker {
  readonly source: ToolSource;
  make(context: MakeContext): Promise<MakeResult>;
}

/** Everything the search needs to know of one tool. */
export interface Recipe {
  readonly tool: ToolName;
  /** Its name on PATH. */
  readonly executable: string;
  readonly versionArgs: readonly string[];
  /** Executables on PATH older than this are passed over. */
  readonly versionMin: string;
  /** What an older one would do to its user; part of the message. */
  readonly olderIsBadBecause: string;
  /** Set to "1" in the environment, this takes an older one all the same, with a warning. */
  readonly allowOldVariable?: string;
  /** Folder in the cache; names version and platform, so that another pin never finds this one. */
  readonly entry: string;
  /** The executable inside that folder. */
  readonly pathInEntry: string;
  readonly makers: readonly Maker[];
  /**
   * What every one of the makers needs and this machine lacks, as part of a sentence; undefined
   * when nothing is lacking. Asked before anything is fetched.
   */
  readonly lacks?: (
    env: Readonly<Record<string, string | undefined>>,
  ) => Promise<string | undefined>;
}
