/**
 * Keeps the process up until what is returned is called. Waiting for a signal does not, nor do a
 * Clock's timers or idle connections: without this a service that waits for its store to come up
 * would end in the middle of its start, and one that listens on nothing right after it.
 */
export function holdProcess(): () => void {
  const held = setInterval(() => {}, 2 ** 30);
  return () => clearInterval(held);
}
