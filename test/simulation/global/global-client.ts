import { ClientParts } from "@holdfast/client/client-parts";
import { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import { Application, type Workload } from "../world/application.ts";
import { Beliefs } from "../world/beliefs.ts";
import { SimulatedTransport } from "../world/simulated-transport.ts";
import { regionNames } from "./global-names.ts";
import type { GlobalClientPlan } from "./global-plan.ts";
import type { GlobalSites } from "./global-sites.ts";
import { GlobalTaker, requestTimeoutMs } from "./global-taker.ts";

/** One client process: the real client logic, and the application that uses it. */
export class GlobalClient {
  readonly process: SimulatedProcess;
  readonly beliefs: Beliefs;
  readonly parts: ClientParts;
  readonly application: Application;
  readonly plan: GlobalClientPlan;
  #isFinished = false;

  constructor(sites: GlobalSites, name: string, work: Workload, plan: GlobalClientPlan) {
    const { simulation, network, recorder } = sites;
    const process = new SimulatedProcess(simulation, name, plan.skew);
    const transport = new SimulatedTransport(
      process,
      network,
      (endpoint) => sites.routers.get(endpoint)?.host,
    );
    const ports = { transport, clock: process, random: process.random };
    const regions = [plan.region, ...regionNames.filter((each) => each !== plan.region)];
    this.plan = plan;
    this.process = process;
    this.parts = new ClientParts(
      ports,
      regions.flatMap((region) => sites.routersIn(region)),
      requestTimeoutMs,
    );
    this.beliefs = new Beliefs(process, recorder, plan.asksState);
    const taker = new GlobalTaker(this.parts, process, recorder, plan);
    const { beliefs } = this;
    const parts = { process, recorder, plan: work, client: plan, taker, beliefs };
    this.application = new Application(parts);
    recorder.add({ kind: "process", name, role: "client", state: "started" });
    void this.application.finished.then(() => {
      this.#isFinished = true;
    });
  }

  /** It asks for nothing any more and has nothing left. */
  get isFinished(): boolean {
    return this.#isFinished || this.isCrashed;
  }

  get isCrashed(): boolean {
    return this.process.state === "crashed";
  }
}
