import type { Mutant } from "../simulation/mutants.ts";
import { regionMutants } from "./delegation/region-mutants.ts";

/** Where a mutant is looked for, the smallest scope first. */
export interface Hunt {
  readonly scope: string;
  readonly isExact: boolean;
  readonly statesMax: number;
}

const statesMax = 600_000;

/** In the order of their sizes. */
const usual = ["contenders", "takeover", "refusal", "readmission", "crash", "hand-over", "repeat"];

/** Where a mutant shows that does not show in the smallest scope. */
const homes: Readonly<Record<string, Pick<Hunt, "scope" | "isExact">>> = {
  "ballot-reused": { scope: "contenders", isExact: true },
  "no-write-back": { scope: "repeat", isExact: false },
  "accept-quorum-of-one": { scope: "hand-over", isExact: false },
  "sequence-in-memory": { scope: "delegated-line", isExact: false },
  "renewal-not-compared": { scope: "delegated-renewed", isExact: false },
  "opened-again": { scope: "delegated-adopted", isExact: false },
  "cancelled-without-tombstone": { scope: "delegated-given-up", isExact: false },
  "granted-twice": { scope: "delegated-copies", isExact: false },
  "late-release-counts": { scope: "delegated-left", isExact: false },
  "opened-in-a-new-shard": { scope: "delegated-wiped", isExact: false },
};

/** Where to look for a mutant, until it shows. */
export function huntsFor(name: string): readonly Hunt[] {
  const home = homes[name];
  if (home !== undefined) return [{ ...home, statesMax }];
  const isOfRegion = regionMutants.some((mutant) => mutant.name === name);
  return (isOfRegion ? ["delegated"] : usual).map((scope) => ({
    scope,
    isExact: false,
    statesMax,
  }));
}

/** What of the repository the model runs; a change elsewhere cannot show in it. */
const modelled = [
  /^libs\/core\/src\/quorum\/(attempt|ballot|register|register-value|votes)\.ts$/,
  /^test\/simulation\/register\/acceptor-twin\.ts$/,
  /^libs\/core\/src\/delegation\/(delegation-state|local-\w+)\.ts$/,
  /^test\/model\/delegation\/region-\w+\.ts$/,
];

const readmission = "is in the re-admission of a shard; here all have one generation for ever";

const clockless = "needs clocks and leases; here D is ahead, or has passed";
const driverOnly = "is in the driver, of which the model has a likeness of its own";

/** Why those of a delegation cannot show that the simulation has, and the model has not. */
const hiddenOfRegion: Readonly<Record<string, string>> = {
  "wiped-shard-kept-alive": `${driverOnly}; that one is held to it by its unit tests`,
  "sequence-overflows": "needs a million grants",
  "lease-counted": clockless,
  "latest-region-counts": clockless,
  "never-recalled": "breaks D5 alone: policy is left to chance here, and liveness not looked at",
  "no-tombstone-undelegated": `${driverOnly}; see cancelled-without-tombstone`,
};

/** Mutants that change code which the model runs and yet cannot show in its scopes, and why. */
const hidden: Readonly<Record<string, string>> = {
  "memory-trusted-beyond": "needs 16 requests that ended; a scope has three",
  "liveness-left-behind":
    "what stays behind is of a grant that is over, whose id nobody asks for again",
  "readmitted-without-incarnation": readmission,
  "generations-added-up": readmission,
  "any-lease-of-the-session": "needs a lease made anew; here a lease that ended is not made again",
  "wiped-shard-votes": readmission,
  "lower-generation-served": readmission,
  "late-comer-goes-first": "is unfair (L3) and no more; who goes first is not looked at here",
  "new-grant-taken-for-lost": "takes a grant that nobody was told of, from whom it harms little",
  "regions-of-different-ballots":
    "needs three attempts, a cancel and a lease that ended; no scope has all of them",
  "ballots-added-up":
    "needs three attempts, a cancel and a lease that ended; no scope has all of them",
};

/** Why a mutant cannot show in any scope; undefined where it must. */
export function whyHidden({ name, edits }: Mutant): string | undefined {
  const ofRegion = hiddenOfRegion[name];
  if (ofRegion !== undefined) return ofRegion;
  const elsewhere = edits.find(({ file }) => !modelled.some((pattern) => pattern.test(file)));
  if (elsewhere !== undefined) {
    return `is in ${elsewhere.file.split("/").at(-1)}, which the model does not run`;
  }
  return hidden[name];
}
