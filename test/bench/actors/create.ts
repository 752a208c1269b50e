import type { ContenderName, ContenderSettings } from "../contenders/contender.ts";
import { createContender } from "../contenders/create.ts";
import type { Actor } from "./actor.ts";
import { loader } from "./loader.ts";

/** What an actor can be. */
export type Role = "load";

/** What each role is told at its start. */
export interface RoleSettings extends ContenderSettings {
  readonly contender?: ContenderName;
}

/** Builds an actor and connects it. */
export async function createActor(role: Role, settings: RoleSettings): Promise<Actor> {
  switch (role) {
    case "load":
      return loader(await createContender(settings.contender ?? "holdfast", settings));
  }
}
