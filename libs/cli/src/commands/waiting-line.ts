import type { Timer } from "@holdfast/base/clock";
import { printDuration } from "../input/duration.ts";
import type { Invocation } from "../invocation.ts";
import { placeName } from "./global-option.ts";

const refreshMs = 1_000;
/** Carriage return, then erase to the end of the line. */
const eraseLine = "\r\u001b[K";

/** The line on stderr that tells a waiting person where they stand. */
interface WaitingLine {
  readonly onPosition: (position: number) => void;
  /** Takes the line away again. */
  end(): Promise<void>;
}

/** Shows the place in the queue while it lasts, where stderr is a terminal; else nothing. */
export function showWaiting(invocation: Invocation, name: string, region: string): WaitingLine {
  const { clock, stderr } = invocation.edge;
  const startedMs = clock.monotonicMs();
  let position: number | undefined;
  let timer: Timer | undefined;
  let shown = false;
  const draw = () => {
    timer?.cancel();
    const waitedMs = clock.monotonicMs() - startedMs;
    const place = position === undefined ? "" : `number ${position} in line, `;
    const text = `waiting for ${name} in ${placeName(region)}: ${place}${printDuration(waitedMs)}`;
    // A line that wraps could not be erased.
    void stderr.write(`${eraseLine}${text.slice(0, stderr.columns - 1)}`);
    shown = true;
    timer = clock.schedule(refreshMs, draw);
  };
  const active = stderr.isTerminal && invocation.format === "table";
  return {
    onPosition: (next) => {
      position = next;
      if (active) draw();
    },
    end: async () => {
      timer?.cancel();
      if (shown) await stderr.write(eraseLine);
    },
  };
}
