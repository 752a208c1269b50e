/**
 * What a coordinator asks all regions for at once:
 * - `prepare`: to promise a ballot;
 * - `accept`: to take a value, after a prepare;
 * - `warm`: the same without one, for the promise came with the last accept;
 * - `look`: what they show, without changing anything.
 */
export type RoundKind = "prepare" | "accept" | "warm" | "look";

/**
 * `won`: two regions agreed. `lost`: somebody's higher ballot came first, or no two show the same.
 * `no_quorum`: too few answered. `given_up`: nobody waits any more for what it was for.
 */
export type RoundOutcome = "won" | "lost" | "no_quorum" | "given_up";

/** Told of each round when it ends; `tookMs`: until two regions agreed, or until it was left. */
export type RoundListener = (kind: RoundKind, outcome: RoundOutcome, tookMs: number) => void;
