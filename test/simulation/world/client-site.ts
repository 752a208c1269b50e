import { ClientParts } from "@holdfast/client/client-parts";
import type { HistoryRecorder } from "@holdfast/simulator/history/history-recorder";
import { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import { Application } from "./application.ts";
import { Beliefs } from "./beliefs.ts";
import { OwnTtlTaker } from "./own-ttl-taker.ts";
import type { ClientPlan, Plan } from "./plan.ts";
import { requestTimeoutMs, SessionTaker } from "./session-taker.ts";
import { SimulatedTransport } from "./simulated-transport.ts";
import type { World } from "./world.ts";

/** One client process: the real client logic, and the application that uses it. */
export class ClientSite {
  readonly process: SimulatedProcess;
  readonly beliefs: Beliefs;
  readonly application: Application;
  #done = false;

  constructor(
    world: World,
    name: string,
    plan: Plan,
    client: ClientPlan,
    endpoints: readonly string[],
  ) {
    const { simulation, network, recorder } = world;
    const process = new SimulatedProcess(simulation, name, client.skew);
    const transport = new SimulatedTransport(
      process,
      network,
      (endpoint) => world.routers.get(endpoint)?.host,
    );
    const ports = { transport, clock: process, random: process.random };
    const parts = new ClientParts(ports, endpoints, requestTimeoutMs);
    const { leasedLocks, sessionLocks } = parts;
    const taker = client.ownTtl
      ? new OwnTtlTaker(leasedLocks, process, client.renews)
      : new SessionTaker(sessionLocks);
    this.process = process;
    this.beliefs = new Beliefs(process, recorder, client.asksState);
    const { beliefs } = this;
    this.application = new Application({ process, recorder, plan, client, taker, beliefs });
    recorder.add({ kind: "process", name, role: "client", state: "started" });
    void this.application.finished.then(() => this.#finish(client.closes, parts, recorder));
  }

  /** It does nothing any more, and no heartbeats are to be expected of it. */
  get done(): boolean {
    return this.#done || this.process.state === "crashed";
  }

  async #finish(closes: boolean, parts: ClientParts, recorder: HistoryRecorder): Promise<void> {
    if (!closes) return;
    const { name } = this.process;
    recorder.add({ kind: "process", name, role: "client", state: "closed" });
    await parts.close();
    this.#done = true;
  }
}
