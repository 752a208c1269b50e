import { Holdfast } from "@holdfast/client/holdfast";
import type { Actor } from "./actor.ts";

/** Where they are. */
export interface IdlersSettings {
  /** Address of a router. */
  readonly router: string;
  /** Of another one, if they know one. */
  readonly spare?: string;
}

/** Connects this many clients, or says how many of their locks are lost. */
export type IdlersRequest =
  | { readonly do: "connect"; readonly clients: number; readonly prefix: string }
  | { readonly do: "check" };

/** Connections being made at once by one process; more do not help a router short of CPU. */
const inFlight = 2;

/** Many clients that each hold one lock and do nothing but say that they are alive. */
export async function idlers({ router, spare }: IdlersSettings): Promise<Actor> {
  const endpoints = spare === undefined ? [router] : [router, spare];
  const clients: Holdfast[] = [];
  let lost = 0;

  const connect = async (count: number, prefix: string): Promise<void> => {
    let started = 0;
    const worker = async (): Promise<void> => {
      while (started < count) {
        const name = `idle/${prefix}/${started++}`;
        const client = await Holdfast.connect({
          endpoints,
          owner: "bench",
          requestTimeout: "1m",
        });
        clients.push(client);
        const lock = await client.acquire(name, { wait: 0 });
        lock.onStateChange(({ state }) => {
          if (state === "lost") lost += 1;
        });
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
  };

  return {
    async perform(request) {
      const asked = request as IdlersRequest;
      if (asked.do === "connect") await connect(asked.clients, asked.prefix);
      return { clients: clients.length, lost };
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}
