import { accessSync, constants, statSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheDir } from "./cache-dir.ts";
import { type LockAttempt, tryLockFile } from "./lock-file.ts";
import type { Recipe } from "./recipe.ts";
import { recipeOf } from "./recipes.ts";
import { runCommand } from "./run-command.ts";
import { knownToBeMissing } from "./search-report.ts";
import type { FindOptions, FindResult, FoundTool, ToolName, ToolSource } from "./tool.ts";
import { formatVersion, isAtLeast, parseVersion } from "./version.ts";

const LOCK_POLL_MS = 200;

/**
 * Finds a tool, or fetches or builds it: PATH if new enough, then the cache, then Docker if an
 * engine answers, then its package registry. Never throws for what a machine may lack. Several
 * processes may call it at once: one builds, the others wait and then take what it built.
 */
export function findTool(tool: ToolName, options: FindOptions = {}): Promise<FindResult> {
  return findByRecipe(recipeOf(tool), options);
}

/** The same for a recipe of one's own. */
export async function findByRecipe(recipe: Recipe, options: FindOptions): Promise<FindResult> {
  const search = new Search(recipe, options);
  return (
    (await search.onPath()) ?? (await search.inCache()) ?? (await search.make()) ?? search.missing()
  );
}

class Search {
  readonly #recipe: Recipe;
  readonly #options: FindOptions;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #cache: string;
  /** Why each way tried so far came to nothing, in order. */
  readonly #reasons: string[] = [];

  constructor(recipe: Recipe, options: FindOptions) {
    this.#recipe = recipe;
    this.#options = options;
    this.#env = options.env ?? process.env;
    this.#cache = cacheDir(this.#env);
  }

  async onPath(): Promise<FoundTool | undefined> {
    const { executable, versionMin, allowOldVariable, olderIsBadBecause } = this.#recipe;
    const path = findExecutable(executable, this.#env.PATH ?? "");
    if (path === undefined) {
      this.#reasons.push(`${executable} is not on PATH`);
      return undefined;
    }
    const version = await this.#versionOf(path);
    if (version === undefined) {
      this.#reasons.push(`${path} does not tell its version`);
      return undefined;
    }
    if (isAtLeast(parseVersion(version), versionMin)) {
      return this.#found("path", path, version, "on PATH and new enough");
    }
    const old = `${path} is ${version}, older than ${versionMin}, and ${olderIsBadBecause}`;
    if (allowOldVariable !== undefined && this.#env[allowOldVariable] === "1") {
      const why = `WARNING: ${old}; taken all the same, because ${allowOldVariable}=1`;
      return this.#found("path", path, version, why);
    }
    this.#reasons.push(old);
    return undefined;
  }

  async inCache(): Promise<FoundTool | undefined> {
    const path = join(this.#cache, this.#recipe.entry, this.#recipe.pathInEntry);
    if (!isExecutable(path)) {
      this.#reasons.push("it is not in the tool cache");
      return undefined;
    }
    const version = await this.#versionOf(path);
    const unfit = this.#unfit(version);
    if (version === undefined || unfit !== undefined) {
      this.#reasons.push(`the one in the tool cache ${unfit}`);
      return undefined;
    }
    return this.#found("cache", path, version, "built earlier, from the tool cache");
  }

  async make(): Promise<FoundTool | undefined> {
    if (this.#options.offline === true) return undefined;
    if (knownToBeMissing(this.#recipe.tool, this.#env) !== undefined) return undefined;
    const lacking = await this.#recipe.lacks?.(this.#env);
    if (lacking !== undefined) {
      this.#reasons.push(lacking);
      return undefined;
    }
    const lock = await this.#lock();
    if (lock === undefined) return undefined;
    try {
      // Whoever held the lock before us may have built what we want.
      const present = await this.inCache();
      if (present !== undefined) return present;
      this.#reasons.pop();
      return await this.#makeLocked();
    } finally {
      lock.release();
    }
  }

  missing(): FindResult {
    const reason = this.#options.signal?.aborted
      ? "interrupted"
      : (knownToBeMissing(this.#recipe.tool, this.#env) ??
        `no usable ${this.#recipe.executable}: ${this.#reasons.join("; ")}`);
    return { kind: "missing", tool: this.#recipe.tool, reason };
  }

  async #makeLocked(): Promise<FoundTool | undefined> {
    const drafts = join(this.#cache, "drafts");
    const prefix = `${this.#recipe.entry}.`;
    await mkdir(drafts, { recursive: true });
    // We hold the lock, so every draft of this entry was left by someone who died building it.
    for (const name of await readdir(drafts)) {
      if (name.startsWith(prefix)) await rm(join(drafts, name), { recursive: true, force: true });
    }
    for (const maker of this.#recipe.makers) {
      const folder = join(drafts, `${prefix}${process.pid}`);
      await mkdir(folder, { recursive: true });
      try {
        const result = await maker.make({
          folder,
          env: this.#env,
          signal: this.#options.signal,
          report: (message, done, total) => this.#report(message, done, total),
        });
        if (result.kind === "not-possible") {
          this.#reasons.push(result.why);
          continue;
        }
        const version = await this.#versionOf(join(folder, this.#recipe.pathInEntry));
        const unfit = this.#unfit(version);
        if (version === undefined || unfit !== undefined) {
          this.#reasons.push(`what was ${result.how} ${unfit}`);
          continue;
        }
        const path = await this.#publish(folder);
        return this.#found(maker.source, path, version, result.how);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
    return undefined;
  }

  /** Moves the finished folder into place in one step: nobody ever sees half an entry. */
  async #publish(folder: string): Promise<string> {
    const entry = join(this.#cache, this.#recipe.entry);
    await rm(entry, { recursive: true, force: true });
    await rename(folder, entry);
    return join(entry, this.#recipe.pathInEntry);
  }

  async #lock(): Promise<(LockAttempt & { kind: "locked" }) | undefined> {
    const path = join(this.#cache, "locks", `${this.#recipe.entry}.lock`);
    while (this.#options.signal?.aborted !== true) {
      let attempt: LockAttempt;
      try {
        attempt = tryLockFile(path);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.#reasons.push(`the tool cache ${this.#cache} cannot be written (${why})`);
        return undefined;
      }
      if (attempt.kind === "locked") return attempt;
      this.#report(`waiting for process ${attempt.owner.pid}, which is getting it`);
      await sleep(LOCK_POLL_MS);
    }
    return undefined;
  }

  async #versionOf(path: string): Promise<string | undefined> {
    const result = await runCommand(path, this.#recipe.versionArgs, {
      env: this.#env,
      timeoutMs: 10_000,
    });
    const version = result.kind === "done" ? parseVersion(result.stdout) : undefined;
    return version === undefined ? undefined : formatVersion(version);
  }

  /** What is wrong with a version, as the end of a sentence; undefined when it will do. */
  #unfit(version: string | undefined): string | undefined {
    if (version === undefined) return "does not run here";
    const { versionMin } = this.#recipe;
    if (isAtLeast(parseVersion(version), versionMin)) return undefined;
    return `is ${version}, older than ${versionMin}`;
  }

  #found(source: ToolSource, path: string, version: string, why: string): FoundTool {
    const before = source === "path" || source === "cache" ? "" : this.#reasons.join("; ");
    const because = before === "" ? why : `${why}, since ${before}`;
    return { kind: "found", tool: this.#recipe.tool, path, version, source, why: because };
  }

  #report(message: string, done?: number, total?: number): void {
    const count = done === undefined || total === undefined ? {} : { done, total };
    this.#options.progress?.({ tool: this.#recipe.tool, message, ...count });
  }
}

/** The first executable file called `name` in the folders of a PATH. */
export function findExecutable(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
