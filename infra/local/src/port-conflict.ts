import { isPortFree } from "@holdfast/toolchain/free-ports";
import { type Listener, whoListens } from "./listeners.ts";
import { EXIT_UNAVAILABLE, type Refusal, refusal } from "./refusal.ts";

/** A port that Holdfast needs and what for. */
export interface NeededPort {
  readonly port: number;
  readonly purpose: string;
  /** Written in the data, so that another --port-base does not move it. */
  readonly fixedByData: boolean;
}

export interface TakenPort extends NeededPort {
  readonly by: Listener | undefined;
}

/** Looks at all needed ports; a refusal names every one that is taken, and by whom. */
export async function checkPorts(needed: readonly NeededPort[]): Promise<Refusal | undefined> {
  const free = await Promise.all(needed.map(({ port }) => isPortFree(port)));
  const taken = needed
    .filter((_, i) => free[i] === false)
    .map((each) => ({ ...each, by: whoListens(each.port) }));
  return taken.length === 0 ? undefined : describeConflict(taken);
}

export function describeConflict(taken: readonly TakenPort[]): Refusal {
  const lines = taken.map(({ port, purpose, by }) => {
    const who = by === undefined ? "another process" : `process ${by.pid} (${shorten(by.command)})`;
    return `port ${port}, for the ${purpose}, is in use by ${who}`;
  });
  const pids = new Set(taken.flatMap(({ by }) => (by === undefined ? [] : [by.pid])));
  const stop =
    pids.size > 0
      ? `stop what has ${taken.length === 1 ? "it" : "them"}: kill ${[...pids].join(" ")}`
      : "stop what has it";
  const move = taken.some(({ fixedByData }) => fixedByData)
    ? "or use other data and ports: npm start -- --data-dir <dir> --port-base 8420"
    : "or use other ports: npm start -- --port-base 8420";
  return refusal(lines.join("\n"), [stop, move], EXIT_UNAVAILABLE);
}

function shorten(command: string): string {
  return command.length > 80 ? `${command.slice(0, 79)}…` : command;
}
