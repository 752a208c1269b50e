import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Link, openLink } from "./link.ts";
import { Pipe } from "./pipe.ts";

/**
 * Without `noDelay` a second small message would wait for the acknowledgement of the first, which
 * comes 40 ms late: a delay that no link asked for.
 */
const options = { allowHalfOpen: true, noDelay: true } as const;

/** Where a server listens: a port of loopback, or a socket in the file system. */
export type Place = { readonly port: number } | { readonly path: string };

interface Connection {
  readonly sockets: readonly [Socket, Socket];
  readonly pipes: readonly [Pipe, Pipe];
}

/**
 * Stands between a client and a server on this machine and does to their bytes what a network may:
 * delay, throttle or swallow them, in one direction or both, or break the connections.
 */
export class TcpRelay implements AsyncDisposable {
  /** What happens to requests. */
  readonly toServer: Readonly<Link> = openLink();
  /** What happens to answers. */
  readonly toClient: Readonly<Link> = openLink();
  #target: Place;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #isCut = false;
  #accepted = 0;

  private constructor(target: Place) {
    this.#target = target;
    this.#server = createServer(options, (client) => this.#accept(client));
  }

  /** Relays a free port of loopback to `target`: a port of loopback, or a URL with one. */
  static start(target: number | string): Promise<TcpRelay> {
    const port = typeof target === "number" ? target : Number(new URL(target).port);
    return TcpRelay.between({ port: 0 }, { port });
  }

  /** Relays what connects to `place` (port 0: a free one) to `target`. */
  static async between(place: Place, target: Place): Promise<TcpRelay> {
    const relay = new TcpRelay(target);
    await new Promise<void>((resolve, reject) => {
      relay.#server.once("error", reject);
      relay.#server.listen(onLoopback(place), resolve);
    });
    return relay;
  }

  /** Where it listens on a port. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `http://127.0.0.1:port`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections taken in so far; those refused while cut are not counted. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Changes one direction, for connections that exist and for new ones. */
  shape(direction: "toServer" | "toClient", change: Partial<Link>): void {
    Object.assign(this[direction], change);
    for (const { pipes } of this.#connections) for (const pipe of pipes) pipe.flush();
  }

  /** Lets nothing through in either direction; to both ends the other one is silent. */
  blackhole(): void {
    this.shape("toServer", { held: true });
    this.shape("toClient", { held: true });
  }

  /** New connections go to that port of loopback; those that exist stay where they are. */
  aim(port: number): void {
    this.#target = { port };
  }

  /** Breaks all connections and refuses new ones. */
  cut(): void {
    this.#isCut = true;
    for (const { sockets } of this.#connections) {
      for (const socket of sockets) this.#break(socket);
    }
    this.#connections.clear();
  }

  /** Ends {@link cut} and {@link blackhole}: what waited goes through. Delays stay. */
  mend(): void {
    this.#isCut = false;
    this.shape("toServer", { held: false });
    this.shape("toClient", { held: false });
  }

  /** Breaks all connections and gives the port back. */
  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** As a reset where there is such a thing: a socket in the file system can only be closed. */
  #break(socket: Socket): void {
    if ("port" in this.#target) socket.resetAndDestroy();
    else socket.destroy();
  }

  #accept(client: Socket): void {
    // Without a handler the reset that is to come would end the process.
    client.on("error", () => {});
    if (this.#isCut) {
      this.#break(client);
      return;
    }
    this.#accepted++;
    const server = connect({ ...onLoopback(this.#target), ...options });
    server.on("error", () => this.#break(client));
    const connection: Connection = {
      sockets: [client, server],
      pipes: [new Pipe(client, server, this.toServer), new Pipe(server, client, this.toClient)],
    };
    this.#connections.add(connection);
    const end = () => {
      this.#connections.delete(connection);
      client.destroy();
      server.destroy();
    };
    client.on("close", end);
    server.on("close", end);
  }
}

function onLoopback(place: Place) {
  return "port" in place ? { ...place, host: "127.0.0.1" } : place;
}
