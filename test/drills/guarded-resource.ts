import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { TokenGuard } from "../history/guarded-writes.ts";
import type { HistoryEvent } from "../history/history-event.ts";
import type { Write } from "./resource-client.ts";

/**
 * What the locks of a drill protect: a server on loopback that takes a write, or refuses it for its
 * token, and knows nothing else of locks. It keeps a record in the order of what it decided.
 */
export class GuardedResource implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #guards = new Map<string, TokenGuard>();
  readonly #now: () => number;
  readonly #record: (event: HistoryEvent) => void;

  private constructor(now: () => number, record: (event: HistoryEvent) => void) {
    this.#now = now;
    this.#record = record;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Opens it on a free port. */
  static async start(
    now: () => number,
    record: (event: HistoryEvent) => void,
  ): Promise<GuardedResource> {
    const resource = new GuardedResource(now, record);
    resource.#server.listen(0, "127.0.0.1");
    await once(resource.#server, "listening");
    return resource;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    const lines = createInterface({ input: socket });
    lines.on("line", (line) => {
      const accepted = this.#take(JSON.parse(line) as Write);
      if (!socket.destroyed) socket.write(accepted ? "taken\n" : "stale\n");
    });
    lines.on("error", () => {});
  }

  #take(write: Write): boolean {
    const { lock, mode, token } = write;
    const guard = this.#guards.get(lock) ?? new TokenGuard();
    this.#guards.set(lock, guard);
    const accepted = guard.accepts(mode, BigInt(token));
    this.#record({ kind: "write", atMs: this.#now(), ...write, accepted });
    return accepted;
  }
}
