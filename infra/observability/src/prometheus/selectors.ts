/**
 * Outcomes of an operation that are Holdfast's own fault. All others are answers: a lock that is
 * held, a wait that was given up, a token that is too old.
 */
export const faults = 'outcome=~"no_quorum|unavailable|unknown"';

/** Outcomes of an acquire that met another holder, or a line of them. */
export const contended = 'outcome=~"held|timeout|granted_after_wait|too_many_waiters"';

/** Times at which a region's services are asked; three of them must fit into every rate. */
export const scrapeIntervalS = 15;

/** Processes of our own, by the label `component` that the scrape configuration gives them. */
export const components = [
  "router",
  "coordinator",
  "placement",
  "journal",
  "auditor",
  "archiver",
  "recorder",
] as const;

/**
 * A counter has risen in the last hour. A series that appears with its first event already counted
 * has never risen as far as `increase` can see, so the second half looks for ones that are new.
 */
export function risen(counter: string): string {
  return `(increase(${counter}[1h]) > 0 or (${counter} > 0 unless ${counter} offset 1h))`;
}
