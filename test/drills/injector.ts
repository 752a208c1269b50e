import { setTimeout as sleep } from "node:timers/promises";
import type { HistoryEvent } from "../history/history-event.ts";
import type { PlannedFault } from "./fault-schedule.ts";
import type { Holder } from "./holder.ts";
import type { DrilledRegion } from "./region.ts";

/** What faults are done to. */
export interface InjectorTools {
  readonly region: DrilledRegion;
  readonly holder: Holder;
  readonly now: () => number;
  readonly record: (event: HistoryEvent) => void;
}

/** Something that can be broken and mended. */
interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  freeze(): Promise<void> | void;
  thaw(): Promise<void> | void;
}

/** Breaks what the schedule says, each thing at its time, and mends it again. */
export class Injector {
  readonly #tools: InjectorTools;
  #routers = 0;

  constructor(tools: InjectorTools) {
    this.#tools = tools;
  }

  /** Resolves when all is over and mended; rejects where something could not be mended. */
  async run(faults: readonly PlannedFault[]): Promise<void> {
    await Promise.all(faults.map((fault) => this.#inject(fault)));
  }

  async #inject({ atMs, target, how, forMs }: PlannedFault): Promise<void> {
    const { now, record } = this.#tools;
    await sleep(Math.max(0, atMs - now()));
    const victim = await this.#victim(target);
    const brokenMs = now();
    await (how === "kill" ? victim.kill() : victim.freeze());
    await sleep(forMs);
    await (how === "kill" ? victim.restart() : victim.thaw());
    const what = `${how === "kill" ? "kill -9" : "SIGSTOP"} ${forMs / 1_000} s`;
    record({ kind: "fault", atMs: brokenMs, untilMs: now(), what, target: victim.name });
  }

  async #victim(target: PlannedFault["target"]): Promise<Victim> {
    const { region, holder } = this.#tools;
    switch (target) {
      case "leader": {
        const leader = await region.etcd.leader();
        return {
          name: `etcd leader ${leader.name}`,
          kill: () => leader.kill(),
          restart: () => leader.restart(),
          freeze: () => leader.kill("SIGSTOP"),
          thaw: () => leader.kill("SIGCONT"),
        };
      }
      case "router": {
        const router = region.routers[this.#routers++ % region.routers.length]!;
        return {
          name: router.name,
          kill: () => router.kill(),
          restart: () => router.start(),
          freeze: () => router.freeze(),
          thaw: () => router.thaw(),
        };
      }
      case "holder":
        return {
          name: "holder",
          kill: () => holder.kill(),
          restart: () => holder.start(),
          freeze: () => holder.freeze(),
          thaw: () => holder.thaw(),
        };
    }
  }
}
