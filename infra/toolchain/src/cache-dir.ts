import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * Where built tools lie: `$HOLDFAST_CACHE`, else `$XDG_CACHE_HOME/holdfast`, else
 * `~/.cache/holdfast`. Outside the repository, so that a fresh clone starts warm. A relative
 * value is ignored (the XDG rule): it would mean another folder for every working directory.
 */
export function cacheDir(
  env: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string {
  const own = env.HOLDFAST_CACHE;
  if (own !== undefined && isAbsolute(own)) return own;
  const shared = env.XDG_CACHE_HOME;
  if (shared !== undefined && isAbsolute(shared)) return join(shared, "holdfast");
  return join(home, ".cache", "holdfast");
}
