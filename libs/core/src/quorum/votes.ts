/** What one region says of a grant. A region that does not answer says nothing at all. */
export type Vote =
  | "live"
  | "not-live"
  /** It lost its data not long ago, so what it lacks proves nothing [H3]. */
  | "unknown";

/** What the regions together say. */
export type Liveness =
  /** Two say so: whoever held it has stopped believing, and nothing below our ballot revives it. */
  | "gone"
  /** Two say so: the third cannot change it. */
  | "alive"
  /** The answers so far decide nothing. */
  | "undecided";

/** Regions that a decision needs: two of three. */
export const majority = 2;

/**
 * Two "not live" are gone, and nothing less: a silent region is no vote, or a cut link would be
 * enough to take a lock from a living holder.
 */
export function livenessOf(votes: readonly Vote[]): Liveness {
  let live = 0;
  let notLive = 0;
  for (const vote of votes) {
    if (vote === "live") live++;
    else if (vote === "not-live") notLive++;
  }
  if (notLive >= majority) return "gone";
  return live >= majority ? "alive" : "undecided";
}
