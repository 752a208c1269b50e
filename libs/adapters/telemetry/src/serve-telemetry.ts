import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { DoorTls } from "@holdfast/base/tls/door";
import type { PrometheusMeter } from "./prometheus-meter.ts";
import { secureServer } from "./secure-server.ts";

/** Scrapers and probes at once; more are turned away. */
const connectionsMax = 32;
/** Longest time for a request to arrive, in ms. */
const requestMs = 5_000;
/** A connection without a request is closed after so long, in ms. */
const idleMs = 60_000;

/** What is told, and where. */
export interface TelemetryOptions {
  /** `host:port`; port 0 chooses one, without a host all interfaces are listened on. */
  readonly listen: string;
  readonly meter: PrometheusMeter;
  /** Asked for every `/healthz`: what is wrong, for people; undefined while all is well. */
  readonly trouble: () => string | undefined;
  /** Plain text if left out. */
  readonly tls?: DoorTls | undefined;
  /**
   * Asked for every `/ready`: whether the service does its work and is to be sent more of it, as
   * its gRPC health says; where left out, while there is no trouble.
   */
  readonly ready?: () => boolean;
}

/** Everything of {@link serveTelemetry} is answered. */
export interface TelemetryServer {
  readonly kind: "serving";
  /** As listened on, the port filled in. */
  readonly address: string;
  close(): Promise<void>;
}

/** The address cannot be listened on; the message is for people. */
export interface TelemetryRefused {
  readonly kind: "refused";
  readonly message: string;
}

/**
 * Answers `GET`
 * - `/metrics` with all that was counted;
 * - `/live` with 200: the process runs its event loop. It depends on nothing else, so that nobody
 *   starts a service anew because a store is away;
 * - `/ready` with 200 while the service does its work and 503 while it does not: who sends it work
 *   asks here. It is 503 from the beginning of a drain on;
 * - `/healthz` with 200, or 503 and what is wrong in words: for people and for alerts. A service
 *   that waits for a store and goes on by itself is in trouble too.
 *
 * Nothing it is sent is read, and nobody is asked who they are: it is for a network of one's own.
 */
export async function serveTelemetry(
  options: TelemetryOptions,
): Promise<TelemetryServer | TelemetryRefused> {
  const place = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]*)):(?<port>\d{1,5})$/.exec(options.listen);
  const port = Number(place?.groups?.port);
  if (place === null || port > 65_535) {
    const message = `"${options.listen}" is no address to listen on; it is host:port.`;
    return { kind: "refused", message };
  }
  const host = place.groups?.six ?? place.groups?.host ?? "";
  const timeouts = {
    requestTimeout: requestMs,
    headersTimeout: requestMs,
    keepAliveTimeout: idleMs,
  };
  const server =
    options.tls === undefined
      ? createServer(timeouts, answering(options))
      : secureServer(timeouts, answering(options), options.tls);
  server.maxConnections = connectionsMax;
  return new Promise((resolve) => {
    server.once("error", (error) => resolve({ kind: "refused", message: error.message }));
    server.listen({ port, ...(host !== "" && { host }) }, () => {
      resolve({ kind: "serving", address: addressOf(server), close: () => close(server) });
    });
  });
}

function answering({ meter, trouble, ready }: TelemetryOptions): RequestListener {
  const isReady = ready ?? (() => trouble() === undefined);
  return async (request, response) => {
    const answer = (status: number, text: string, type = "text/plain; charset=utf-8"): void => {
      response.writeHead(status, { "content-type": type });
      response.end(request.method === "HEAD" ? undefined : text);
    };
    if (request.method !== "GET" && request.method !== "HEAD") {
      // What it wants to send is not waited for.
      response.setHeader("connection", "close");
      return answer(405, "only GET\n");
    }
    switch (request.url?.split("?", 1)[0]) {
      case "/metrics": {
        const { text, contentType } = await meter.told(request.headers.accept);
        return answer(200, text, contentType);
      }
      case "/live":
        return answer(200, "ok\n");
      case "/ready":
        return isReady() ? answer(200, "ok\n") : answer(503, `${trouble() ?? "not serving"}\n`);
      case "/healthz": {
        const wrong = trouble();
        return answer(wrong === undefined ? 200 : 503, `${wrong ?? "ok"}\n`);
      }
      default:
        return answer(404, "there are /metrics, /live, /ready and /healthz\n");
    }
  };
}

function addressOf(server: Server): string {
  const { family, address, port } = server.address() as AddressInfo;
  return `${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
