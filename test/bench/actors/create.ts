import type { ContenderName, ContenderSettings } from "../contenders/contender.ts";
import type { Actor } from "./actor.ts";

/** What an actor can be. */
export type Role = "load" | "lone" | "waiters" | "holders" | "idlers";

/** What each role is told at its start. */
export interface RoleSettings extends ContenderSettings {
  readonly contender?: ContenderName;
}

/** Builds an actor and connects it. Its process loads the code of no other. */
export async function createActor(role: Role, settings: RoleSettings): Promise<Actor> {
  switch (role) {
    case "load": {
      const { loader } = await import("./loader.ts");
      const { createContender } = await import("../contenders/create.ts");
      return loader(await createContender(settings.contender ?? "holdfast", settings));
    }
    case "lone":
      return (await import("./lone.ts")).lone(settings);
    case "waiters":
      return (await import("./waiters.ts")).waiters(settings);
    case "holders":
      return (await import("./holders.ts")).holders(settings);
    case "idlers":
      return (await import("./idlers.ts")).idlers(settings);
  }
}
