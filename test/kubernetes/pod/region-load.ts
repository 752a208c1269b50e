import { setTimeout as sleep } from "node:timers/promises";
import { Holdfast } from "@holdfast/client/holdfast";
import type { Lock } from "@holdfast/client/lock";
import type { Scope } from "@holdfast/core/command/command";
import { OneHolder } from "./one-holder.ts";
import type { LoadSettings, RegionDoor } from "./settings.ts";
import type { Tally } from "./tally.ts";

/** Local locks that a client holds from the beginning to the end. */
const keptPerClient = 3;
/** How long one of those who stand in line for a lock has it, in ms. */
const insideMs = 5;
/** Longer than any fault of the suite: whoever stands in line is not to give up. */
const lineWait = "2m";

/** The clients of one region: of the SDK, over the network, as an application has them. */
export class RegionLoad {
  readonly #door: RegionDoor;
  readonly #settings: LoadSettings;
  readonly #tally: Tally;
  readonly #local: OneHolder;
  readonly #global: OneHolder;
  readonly #clients: Holdfast[] = [];
  readonly #kept: { readonly client: Holdfast; readonly lock: Lock }[] = [];
  readonly #work: Promise<unknown>[] = [];
  readonly #watching = new AbortController();
  #stopped = false;

  /** `global` watches over the lock that the clients of all regions stand in line for. */
  constructor(door: RegionDoor, settings: LoadSettings, tally: Tally, global: OneHolder) {
    this.#door = door;
    this.#settings = settings;
    this.#tally = tally;
    this.#local = new OneHolder(tally);
    this.#global = global;
  }

  /** Connects, and takes all locks that are kept. */
  async open(): Promise<void> {
    const { clients, idlers, watches, global } = this.#settings;
    for (let index = 0; index < clients; index++) {
      const client = await this.#connect(`worker-${index}`);
      for (let kept = 0; kept < keptPerClient; kept++) {
        await this.#keep(client, `kept-${index}-${kept}`, "local");
      }
      if (global) await this.#keep(client, `kept-${this.#door.region}-${index}`, "global");
    }
    for (let index = 0; index < idlers; index++) {
      const client = await this.#connect(`idler-${index}`);
      await this.#keep(client, `idle-${index}`, "local");
      for (let watch = 0; watch < watches; watch++) this.#work.push(this.#watch(client));
    }
  }

  /** Begins to work; returns at once. */
  begin(): void {
    const { region } = this.#door;
    this.#tally.begin(region);
    for (const [index, client] of this.#clients.slice(0, this.#settings.clients).entries()) {
      for (let asker = 0; asker < this.#settings.askers; asker++) {
        this.#work.push(this.#goRound(client, `free-${index}-${asker}`));
      }
      this.#work.push(this.#standInLine(client, this.#local, "hot", "local"));
      if (this.#settings.global) {
        this.#work.push(this.#standInLine(client, this.#global, "hot", "global"));
      }
    }
  }

  /** Ends the work and looks, in the store, whether every lock that was kept is kept still. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#watching.abort();
    await Promise.all(this.#work);
    for (const { client, lock } of this.#kept) await this.#giveBack(client, lock);
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  async #connect(name: string): Promise<Holdfast> {
    const { region, endpoint } = this.#door;
    const owner = `${region}-${name}`;
    const ttl = this.#settings.ttlMs;
    const tls = tlsOf(process.env);
    const client = await Holdfast.connect({ endpoints: [endpoint], region, owner, ttl, ...tls });
    this.#clients.push(client);
    return client;
  }

  async #keep(client: Holdfast, name: string, scope: Scope): Promise<void> {
    const lock = await client.acquire(name, { scope });
    lock.onStateChange(({ state, why }) => {
      if (state !== "lost") return;
      const after = `${(performance.now() / 1_000).toFixed(1)} s`;
      this.#tally.lose(`${lock.region}/${name} of ${this.#door.region}: ${why} after ${after}`);
    });
    this.#kept.push({ client, lock });
    this.#tally.keep();
  }

  async #giveBack(client: Holdfast, lock: Lock): Promise<void> {
    if (lock.state === "lost") return;
    const scope = lock.region === this.#door.region ? "local" : "global";
    const name = `${lock.region}/${lock.name}`;
    const seen = await this.#tally.tried(name, () => client.get(lock.name, { scope }));
    const isOurs = seen?.holderCount === 1 && seen.holders[0]?.token === lock.token;
    if (seen !== undefined && !isOurs) {
      this.#tally.violate(`${name} is believed in, and the store says otherwise`);
    }
    const released = await lock.release();
    if (released !== "released") this.#tally.fail(`release of ${name}: ${released}`);
  }

  async #goRound(client: Holdfast, name: string): Promise<void> {
    const { region } = this.#door;
    while (!this.#stopped) {
      const lock = await this.#tally.timed(region, name, () => client.acquire(name));
      if (lock !== undefined) {
        const released = await this.#tally.timed(region, name, () => lock.release());
        if (released !== "released") this.#tally.fail(`release of ${name}: ${released}`);
      }
      await sleep(this.#settings.restMs);
    }
  }

  async #standInLine(client: Holdfast, line: OneHolder, name: string, scope: Scope) {
    while (!this.#stopped) {
      const what = `${scope} ${name} in ${this.#door.region}`;
      const acquire = () => client.acquire(name, { scope, wait: lineWait });
      const lock = await this.#tally.tried(what, acquire);
      if (lock !== undefined) await this.#holdShortly(lock, line, what);
      await sleep(this.#settings.restMs);
    }
  }

  async #holdShortly(lock: Lock, line: OneHolder, what: string): Promise<void> {
    const sinceMs = performance.now();
    let lost = "";
    lock.onStateChange(({ state, why }) => {
      if (state === "lost") lost = `, ${why} after ${(performance.now() - sinceMs).toFixed(0)} ms`;
    });
    line.enter(lock);
    await sleep(insideMs);
    line.leave(lock);
    const askedMs = performance.now();
    const released = await this.#tally.tried(what, () => lock.release());
    if (released === "released") return;
    const tookMs = (performance.now() - askedMs).toFixed(0);
    this.#tally.fail(`release of ${what}: ${released} in ${tookMs} ms${lost}`);
  }

  async #watch(client: Holdfast): Promise<void> {
    const events = client.watch("quiet", { signal: this.#watching.signal });
    try {
      for await (const _ of events) if (this.#stopped) return;
    } catch (error) {
      if (!this.#stopped) this.#tally.fail(`watch of quiet: ${String(error)}`);
    }
  }
}

/** Certificates, where the pod has any. */
function tlsOf(env: NodeJS.ProcessEnv) {
  const { HOLDFAST_TLS_CA: ca, HOLDFAST_TLS_CERT: cert, HOLDFAST_TLS_KEY: key } = env;
  return ca === undefined ? {} : { tls: { ca, cert, key } };
}
