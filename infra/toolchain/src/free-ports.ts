import { createServer } from "node:net";

/**
 * Below every system's range for outgoing connections (Linux starts at 32768, macOS at 49152):
 * a port from that range can be lost to somebody's outgoing connection while its server restarts.
 * Above 23790 and the ones after it, which `npm start` uses.
 */
const FIRST_PORT = 25_000;
const LAST_PORT = 31_999;
const TRIES_MAX = 20_000;
const GIVEN_MAX = 3_500;

/** What this process has chosen may be bound only later: it looks free until then. */
const given = new Set<number>();

/**
 * `count` different loopback ports that nobody listens on right now, that this process was not
 * given before, and that are not among `except`. Picked at random, so that suites running side by
 * side seldom pick the same; a caller must still expect to lose a race to another process.
 */
export async function freePorts(count: number, except: readonly number[] = []): Promise<number[]> {
  const taken = new Set(except);
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries >= TRIES_MAX) throw new Error(`no ${count} free ports on 127.0.0.1`);
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1));
    if (given.has(port) || taken.has(port)) continue;
    // Whoever has asked for half of them has given most of those back.
    if (given.size >= GIVEN_MAX) given.clear();
    given.add(port);
    taken.add(port);
    if (await isPortFree(port)) ports.push(port);
  }
  return ports;
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
