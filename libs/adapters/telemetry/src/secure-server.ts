import type { RequestListener, ServerOptions } from "node:http";
import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { admit, type DoorTls, doorOptions, watchDoor } from "@holdfast/base/tls/door";

/**
 * A server whose metrics are for those alone who show a certificate of the CA. Whoever shows none
 * may ask for health, since a kubelet and most load balancers have none to show; whoever shows one
 * that is not believed is turned away from all of it.
 */
export function secureServer(
  options: ServerOptions,
  answer: RequestListener,
  tls: DoorTls,
): Server {
  const secured = { ...options, ...doorOptions(tls) };
  const server = createServer(secured, (request, response) => {
    const isMetrics = request.url?.split("?", 1)[0] === "/metrics";
    if (!isMetrics || (request.socket as TLSSocket).authorized) return answer(request, response);
    response.writeHead(403, { "content-type": "text/plain; charset=utf-8" });
    response.end("metrics are for those who show a certificate of the CA\n");
  });
  // Before Node's own listener, which would wait for a request.
  server.prependListener("secureConnection", (socket: TLSSocket) => void admit(socket, tls));
  server.on("close", watchDoor(server, tls));
  return server;
}
