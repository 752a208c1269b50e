import { Cancellation } from "@holdfast/base/cancellation";
import { Callers } from "./caller.ts";
import { bounded, type ClientCore } from "./client-core.ts";
import type { ClientPorts } from "./client-ports.ts";
import { DueList } from "./due-list.ts";
import { LeasedLocks } from "./leased-locks.ts";
import { RetryBudget } from "./retry-budget.ts";
import { RouterLink } from "./router-link.ts";
import { SessionLocks } from "./session-locks.ts";
import { SessionPool } from "./session-pool.ts";
import { Settler } from "./settler.ts";

/** How long closing a client takes at the most; less where no router is there to be told. */
const closeMsMax = 5_000;
const closeAloneMsMax = 1_000;

/** One client's parts, wired to each other. */
export class ClientParts {
  readonly core: ClientCore;
  readonly callers = new Callers();
  readonly pool: SessionPool;
  readonly sessionLocks: SessionLocks;
  readonly leasedLocks: LeasedLocks;
  #closed: Promise<void> | undefined;

  /** `requestTimeoutMs`: see {@link ClientCore}. */
  constructor(ports: ClientPorts, endpoints: readonly string[], requestTimeoutMs: number) {
    const dues = new DueList(ports.clock);
    const link = new RouterLink(ports, dues, endpoints, {
      onRouter: () => this.pool.routerChanged(),
      onEvent: (event) => {
        if (event.kind === "grant-lost") this.pool.forceReleased(event.grantId);
        else if (event.kind === "session-lost") this.pool.ended(event.session);
      },
    });
    const settler = new Settler(ports, link, () => this.pool.wantList());
    const budget = new RetryBudget(ports.clock.monotonicMs());
    const closing = new Cancellation();
    this.core = { ports, dues, link, settler, budget, requestTimeoutMs, closing };
    this.pool = new SessionPool(this.core);
    this.sessionLocks = new SessionLocks(this.core, this.pool);
    this.leasedLocks = new LeasedLocks(this.core);
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Ends sessions and abandoned requests as far as that can be done in a bounded time. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { core } = this;
    const withinMs = core.link.connected ? closeMsMax : closeAloneMsMax;
    const untilMs = core.ports.clock.monotonicMs() + withinMs;
    this.callers.cancelAll();
    const ended = Promise.all([this.pool.close(untilMs), core.settler.idle()]);
    await bounded(core, ended, withinMs, undefined);
    core.closing.cancel();
    core.settler.stop();
    core.link.close();
    core.dues.clear();
  }
}
