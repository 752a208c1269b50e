import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/** A server on loopback that sends back what it gets. */
export interface EchoServer {
  readonly port: number;
  stop(): void;
}

export async function startEcho(): Promise<EchoServer> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, stop: () => void server.close() };
}

/** Measures round trips to one {@link EchoServer}, over whatever lies between. */
export async function openEcho(address: string) {
  const [host = "", port] = address.split(":");
  const socket = connect({ host, port: Number(port), noDelay: true });
  // Whoever waits for an answer hears of it all the same.
  socket.on("error", () => {});
  await once(socket, "connect");
  return {
    /** The time of one byte there and back, in ms. */
    async roundTripMs(): Promise<number> {
      const startMs = performance.now();
      socket.write("?");
      await once(socket, "data");
      return performance.now() - startMs;
    },
    close: () => socket.destroy(),
  };
}
