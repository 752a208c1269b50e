import type { RegressionSeed } from "../regression-seeds.ts";

/** Seeds that failed once, each with what it found; a change of the workload empties the list. */
export const globalRegressionSeeds: readonly RegressionSeed[] = [
  { seed: 13, found: "the leases of a request that waits under a ttl of its own ended meanwhile" },
  { seed: 60, found: "a wait that ran out took the lock from its repeat in another region" },
  { seed: 69, found: "a wait that ran out was told of the grant that its own cancel took back" },
  { seed: 246, found: "a late copy stood in line until nobody remembered that it was cancelled" },
  {
    seed: 582,
    found: "a failure under another session was told while the first request had the lock",
  },
  { seed: 673, found: "behind a line of the dead each of them was waited for as for a holder" },
  { seed: 1064, found: "behind a longer line of the dead a wait of 20 s was in vain" },
  {
    seed: 1036,
    found: "a wait's turn came with one lease, for two regions were away at its beginning",
  },
  { seed: 2736, found: "a connection that ended before it was answered was used for good" },
  { seed: 3359, found: "a request released in one region had the lock in another one's line" },
  { seed: 20_844, found: "told that it was cancelled, by the platform that had granted it once" },
  { seed: 30_584, found: "a call that had waited for a router took that time once more" },
  { seed: 60_901, found: "what a shard had granted at the end of its wait kept a place elsewhere" },
];
