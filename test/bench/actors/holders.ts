import { Holdfast } from "@holdfast/client/holdfast";
import type { ContenderSettings } from "../contenders/contender.ts";
import type { Actor } from "./actor.ts";

/** Takes locks until this many are held, or lets all go. */
export type HoldersRequest =
  | { readonly do: "hold"; readonly locks: number }
  | { readonly do: "drop" };

const inFlight = 1_000;

/** Holds many locks and does nothing with them. */
export async function holders(settings: ContenderSettings): Promise<Actor> {
  const connect = (): Promise<Holdfast> =>
    Holdfast.connect({ endpoints: [settings.router], owner: "bench" });
  let client = await connect();
  let held = 0;
  let lost = 0;

  const hold = async (locks: number): Promise<void> => {
    const worker = async (): Promise<void> => {
      while (held < locks) {
        const lock = await client.acquire(`held/${held++}`, { wait: 0 });
        lock.onStateChange(({ state }) => {
          if (state === "lost") lost += 1;
        });
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
  };

  return {
    async perform(request) {
      const asked = request as HoldersRequest;
      if (asked.do === "hold") await hold(asked.locks);
      else {
        // A figure for locks that were not held any more would be none.
        if (lost > 0) throw new Error(`${lost} of ${held} locks were lost meanwhile`);
        await client.close();
        client = await connect();
        held = 0;
      }
      return { held };
    },
    close: () => client.close(),
  };
}
