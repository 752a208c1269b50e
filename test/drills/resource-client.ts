import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import type { Mode } from "@holdfast/core/lock/lock-id";

/** A write to a guarded resource, in the name of a lock. */
export interface Write {
  readonly op: string;
  readonly lock: string;
  readonly mode: Mode;
  /** Decimal. */
  readonly token: string;
}

/** The way to a guarded resource; writes are answered in the order they were sent. */
export interface ResourceClient {
  /** True where it was taken. */
  write(write: Write): Promise<boolean>;
  close(): void;
}

/** Connects to the resource on `port` of loopback. */
export async function connectResource(port: number): Promise<ResourceClient> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => {});
  const waiting: ((accepted: boolean) => void)[] = [];
  createInterface({ input: socket }).on("line", (line) => waiting.shift()?.(line === "taken"));
  socket.on("close", () => {
    for (const resolve of waiting.splice(0)) resolve(false);
  });
  return {
    write: (write) =>
      new Promise((resolve) => {
        if (socket.destroyed) return resolve(false);
        waiting.push(resolve);
        socket.write(`${JSON.stringify(write)}\n`);
      }),
    close: () => socket.destroy(),
  };
}
