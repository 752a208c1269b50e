import { createServer } from "node:net";

/**
 * Below every system's range for outgoing connections (Linux starts at 32768, macOS at 49152):
 * a port from that range can be lost to somebody's outgoing connection while its server restarts.
 * Above 23790 and the ones after it, which `npm start` uses.
 */
const FIRST_PORT = 25_000;
const LAST_PORT = 31_999;
const TRIES_MAX = 2_000;

/**
 * `count` different loopback ports that nobody listens on right now. Picked at random, so that
 * suites running side by side seldom pick the same; a caller must still expect to lose a race.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries >= TRIES_MAX) throw new Error(`no ${count} free ports on 127.0.0.1`);
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1));
    if (!ports.has(port) && (await isPortFree(port))) ports.add(port);
  }
  return [...ports];
}

/** A stranger on the port would answer our questions while our own process tries to bind. */
export async function refuseTakenPorts(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    if (!(await isPortFree(port))) throw new Error(`port ${port} on 127.0.0.1 is in use`);
  }
}

/** True when a server could listen on this loopback port now. */
export function isPortFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
