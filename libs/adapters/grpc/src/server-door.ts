import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import type { DoorTls } from "@holdfast/base/tls/door";
import { Listener, type ListenRefused } from "./listener.ts";

/** The door of a server that is open. */
export interface ServerDoor {
  readonly kind: "open";
  /** As listened on, the port filled in. */
  readonly address: string;
  /**
   * Tells whoever is connected, takes nothing new, answers what was asked, and cuts what is left
   * `withinMs` after the last was told. Resolves when every connection is gone. Idempotent.
   */
  drain(withinMs: number): Promise<void>;
}

/** What is said while a door is closed. */
export interface Closing {
  /** At once: ends what would not end by itself. May take longer to tell everybody. */
  begin(withinMs: number): Promise<void> | void;
  /** When the time is up: the last words to those who are still there. */
  late?(): void;
}

/** Those words leave within this, or not at all. */
const lastWordsMs = 50;

/**
 * Lets connections to `server` come in at `listen` (`host:port`; port 0 chooses one). Without `tls`
 * it is plain text.
 */
export async function openServerDoor(
  server: Server,
  listen: string,
  clock: Clock,
  closing: Closing,
  tls?: DoorTls,
): Promise<ServerDoor | ListenRefused> {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = new Listener((socket) => injector.injectConnection(socket), tls);
  const listening = await listener.listen(listen);
  if (listening.kind === "refused") return listening;

  const drain = async (withinMs: number): Promise<void> => {
    const told = closing.begin(withinMs);
    // What that said leaves at the end of this turn, before the connections are told to close.
    await sleep(clock, 1);
    listener.stop();
    const given = new Cancellation();
    const emptied = listener.emptied().then(() => given.cancel());
    await Promise.race([told, emptied]);
    // All connections hear of it in the same moment, those of streams that are yet to be told, too.
    injector.destroy();
    await sleep(clock, withinMs, given);
    if (closing.late !== undefined) {
      closing.late();
      await Promise.race([emptied, sleep(clock, lastWordsMs)]);
    }
    listener.destroyAll();
    await emptied;
  };
  let drained: Promise<void> | undefined;
  return {
    kind: "open",
    address: listening.address,
    drain: (withinMs) => {
      drained ??= drain(withinMs);
      return drained;
    },
  };
}
