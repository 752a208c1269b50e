import { connect } from "node:net";
import type { Clock } from "@holdfast/base/clock";
import { splitEndpoint } from "./endpoint.ts";
import { within } from "./within.ts";

const connectTimeoutMs = 1_500;

/** Does anything at all take a TCP connection at `endpoint`? A refusal is known at once. */
export async function accepts(clock: Clock, endpoint: string): Promise<boolean> {
  const address = splitEndpoint(endpoint);
  if (address === undefined) return false;
  const socket = connect(address);
  try {
    const connected = new Promise<true>((resolve, reject) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", reject);
    });
    return await within(clock, connectTimeoutMs, connected, "no connection");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
