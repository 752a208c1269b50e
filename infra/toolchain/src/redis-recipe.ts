import { aptExtract } from "./apt-extract.ts";
import { dockerCopy } from "./docker-copy.ts";
import { PINNED } from "./pinned-versions.ts";
import type { Recipe } from "./recipe.ts";

/** redis-server: the cache of `npm start -- --audit`, and the benchmark's Redlock contender. */
export function redisRecipe(): Recipe {
  return {
    tool: "redis",
    executable: "redis-server",
    versionArgs: ["--version"],
    versionMin: PINNED.redis.versionMin,
    olderIsBadBecause: "is not the version the benchmarks are stated for",
    entry: `redis-7-${process.platform}-${process.arch}`,
    pathInEntry: "redis-server",
    makers: [
      // Linked against the image's libraries: where they differ from the machine's, it does not
      // run, the search says so and goes on.
      dockerCopy(PINNED.redis.image, ["/usr/local/bin/redis-server"]),
      aptExtract({ package: "redis-server", path: "usr/bin/redis-server", name: "redis-server" }),
    ],
  };
}
