import type { Clock } from "@holdfast/base/clock";
import type { Random } from "@holdfast/base/random";
import type { Directory } from "./directory.ts";
import type { Transport } from "./transport.ts";

/** The world as the client sees it: everything that is not a pure function of its input. */
export interface ClientPorts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  /** Without it the client lists and watches nothing. */
  readonly directory?: Directory;
}
