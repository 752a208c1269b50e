import type { Command } from "commander";
import type { Invocation } from "./invocation.ts";

/** The body of a command: does it, prints, and says how the process ends. */
export type Body<Options> = (
  invocation: Invocation,
  args: readonly string[],
  options: Options,
  command: Command,
) => Promise<number>;

/** Makes a commander action of a body; the connection is closed when the body is done. */
export type Wrap = <Options>(body: Body<Options>) => (...received: unknown[]) => Promise<void>;
