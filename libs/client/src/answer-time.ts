/**
 * How long a request may go unanswered, beyond the time it asked to wait, before it is repeated.
 */
export const answerMsMax = 5_000;

/** The same for a heartbeat: soon enough to fail over and be confirmed elsewhere in time. */
export function heartbeatAnswerMs(ttlMs: number): number {
  return Math.min(answerMsMax, ttlMs / 4);
}

/** With less time than this for its answer an acquire that was refused is not repeated. */
export const answerMsMin = 200;

/**
 * How long the end of a request for a global lock is asked for under a session that lives on: its
 * place in line hangs on no lease, so nothing else takes it away, and in its turn it would have the
 * lock for as long as no list finds it.
 */
export const endingMsMax = 600_000;
