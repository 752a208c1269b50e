import { setFlagsFromString } from "node:v8";
import { invariant } from "@holdfast/base/invariant";

/**
 * Runs every pending promise job, and those they queue, before it returns.
 *
 * A turn of Node's event loop after every simulated event would do the same at four times the
 * price, and would make a run asynchronous. The intrinsic behind it is V8's own checkpoint, the one
 * Node calls when a callback ends; it needs the natives syntax, which is a matter of parsing only.
 */
export function makeMicrotaskDrain(): () => void {
  setFlagsFromString("--allow-natives-syntax");
  const drain = new Function("%PerformMicrotaskCheckpoint()") as () => void;
  let drained = false;
  queueMicrotask(() => {
    drained = true;
  });
  drain();
  // Inside a promise job the checkpoint silently does nothing, and a simulation would stand still.
  invariant(drained, "a simulation must be started outside of promise jobs: use outsideOfJobs()");
  return drain;
}

/** Runs `task` as a callback of the event loop, where microtasks can be drained by hand. */
export function outsideOfJobs<T>(task: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(task());
      } catch (error) {
        reject(error);
      }
    });
  });
}
