import type { ContenderName, ContenderSettings } from "../contenders/contender.ts";
import type { RegionSettings } from "../global/region-settings.ts";
import type { Actor } from "./actor.ts";
import type { IdlersSettings } from "./idlers.ts";

/** What each kind of actor is told at its start. */
export interface SettingsOf {
  readonly load: ContenderSettings & { readonly contender: ContenderName };
  readonly lone: ContenderSettings;
  readonly waiters: ContenderSettings;
  readonly holders: ContenderSettings;
  readonly idlers: IdlersSettings;
  readonly paced: ContenderSettings;
  readonly "region-load": RegionSettings & { readonly scope: "local" | "global" };
  readonly latency: RegionSettings;
  readonly delegated: RegionSettings;
  readonly crowd: RegionSettings & { readonly contender: "holdfast" | "stretched" };
  readonly probe: RegionSettings;
  readonly claims: RegionSettings;
}

/** What an actor can be. */
export type Role = keyof SettingsOf;

/** The process of an actor loads the code of no other. */
const builders: { readonly [R in Role]: (settings: SettingsOf[R]) => Promise<Actor> } = {
  load: async (settings) => {
    const { loader } = await import("./loader.ts");
    const { createContender } = await import("../contenders/create.ts");
    return loader(await createContender(settings.contender, settings));
  },
  lone: async (settings) => (await import("./lone.ts")).lone(settings),
  waiters: async (settings) => (await import("./waiters.ts")).waiters(settings),
  holders: async (settings) => (await import("./holders.ts")).holders(settings),
  idlers: async (settings) => (await import("./idlers.ts")).idlers(settings),
  paced: async (settings) => (await import("../audit/paced-actor.ts")).paced(settings),
  "region-load": async ({ routers, scope }) => {
    const { loader } = await import("./loader.ts");
    const { holdfast } = await import("../contenders/holdfast.ts");
    return loader(await holdfast(routers, scope));
  },
  latency: async (settings) => (await import("../global/latency-actor.ts")).latency(settings),
  delegated: async (settings) => (await import("../global/delegated-actor.ts")).delegated(settings),
  crowd: async (settings) => (await import("../global/crowd-actor.ts")).crowd(settings),
  probe: async (settings) => (await import("../global/probe-actor.ts")).probe(settings),
  claims: async (settings) => (await import("../global/claim-actor.ts")).claims(settings),
};

/** Builds an actor and connects it. */
export function createActor<R extends Role>(role: R, settings: SettingsOf[R]): Promise<Actor> {
  return builders[role](settings);
}
