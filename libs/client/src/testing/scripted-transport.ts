import type { Clock } from "@holdfast/base/clock";
import { failure } from "@holdfast/base/failure";
import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import type { Command, SessionLease } from "@holdfast/core/command/command";
import type { Grant, HeldEntry, Outcome, OutcomeOf } from "@holdfast/core/command/outcome";
import { validityMs } from "@holdfast/core/lease/validity";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { isSameLease } from "../lease-belief.ts";
import type {
  Connection,
  ConnectionEvent,
  ConnectionListener,
  ConnectReply,
  Transport,
} from "../transport.ts";

/** A command that was sent, to be answered by the test. */
export interface Sent<C extends Command = Command> {
  readonly command: C;
  readonly endpoint: string;
  readonly atMs: number;
  answered: boolean;
  answer(outcome: OutcomeOf<C>): void;
  position(position: number): void;
  leases(leases: readonly SessionLease[]): void;
}

type CommandOf<K extends Command["kind"]> = Extract<Command, { readonly kind: K }>;

/** What a router of the script answers by itself; what it leaves undefined is left to the test. */
export type Script = (command: Command, endpoint: string) => Outcome | undefined;

/**
 * A network whose every answer is the test's: commands pile up in {@link sent} until they are
 * answered, by the script or one by one.
 */
export class ScriptedTransport implements Transport {
  readonly sent: Sent[] = [];
  script: Script = cooperative;
  readonly #clock: Clock;
  readonly #regions = new Map<string, string>();
  readonly #latencyMs = new Map<string, number>();
  readonly #down = new Set<string>();
  readonly #leaving = new Set<string>();
  readonly #foreign = new Set<string>();
  readonly #open = new Set<ScriptedConnection>();
  readonly #granted = new Map<GrantId, Grant>();
  connects: string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A router; `latencyMs` is how long it takes to connect. */
  router(endpoint: string, region: string, latencyMs = 1): this {
    this.#regions.set(endpoint, region);
    this.#latencyMs.set(endpoint, latencyMs);
    return this;
  }

  /** Something that answers at `endpoint` and is no router. */
  foreign(endpoint: string): this {
    this.#foreign.add(endpoint);
    return this;
  }

  /** Refuses connections to `endpoint`, and breaks those there are. */
  down(endpoint: string): void {
    this.#down.add(endpoint);
    for (const connection of [...this.#open]) {
      if (connection.endpoint === endpoint) connection.close();
    }
  }

  /** Refuses new connections to `endpoint`. */
  refuse(endpoint: string): void {
    this.#down.add(endpoint);
  }

  up(endpoint: string): void {
    this.#down.delete(endpoint);
  }

  /** Who connects to `endpoint` is told with the hello that it stops. */
  leaving(endpoint: string): void {
    this.#leaving.add(endpoint);
  }

  /** Says something unasked on every connection. */
  say(event: ConnectionEvent): void {
    for (const connection of [...this.#open]) connection.listener.onEvent(event);
  }

  /** How many connections are open, and where. */
  get open(): string[] {
    return [...this.#open].map((connection) => connection.endpoint);
  }

  /** The oldest command of this kind without an answer. */
  next<K extends Command["kind"]>(kind: K): Sent<CommandOf<K>> {
    const found = this.pending(kind)[0];
    const all = this.sent.filter((sent) => !sent.answered).map((sent) => sent.command.kind);
    invariant(found !== undefined, `no ${kind} waits for its answer; waiting: ${all.join(", ")}`);
    return found;
  }

  /** Every command of this kind without an answer, oldest first. */
  pending<K extends Command["kind"]>(kind: K): Sent<CommandOf<K>>[] {
    return this.all(kind).filter((sent) => !sent.answered);
  }

  /** Every command of this kind that was ever sent, oldest first. */
  all<K extends Command["kind"]>(kind: K): Sent<CommandOf<K>>[] {
    return this.sent.filter((sent) => sent.command.kind === kind) as unknown as Sent<
      CommandOf<K>
    >[];
  }

  connect(endpoint: string, listener: ConnectionListener): Promise<ConnectReply> {
    this.connects.push(endpoint);
    const region = this.#regions.get(endpoint);
    return new Promise((resolve) => {
      this.#clock.schedule(this.#latencyMs.get(endpoint) ?? 1, () => {
        if (this.#foreign.has(endpoint)) {
          resolve(failure("UNIMPLEMENTED", `${endpoint} is no router.`));
          return;
        }
        if (region === undefined || this.#down.has(endpoint)) {
          resolve(failure("SHARD_UNAVAILABLE", `${endpoint} refused the connection.`));
          return;
        }
        const connection = new ScriptedConnection(this, endpoint, region, listener);
        this.#open.add(connection);
        resolve({ kind: "connected", connection });
        if (this.#leaving.has(endpoint)) {
          listener.onEvent({ kind: "go-away", drainMs: 3_000, reconnect: false });
        }
      });
    });
  }

  /** For the connection. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** For the connection. */
  closed(connection: ScriptedConnection): void {
    this.#open.delete(connection);
  }

  /** Remembers what the answers have granted and ended. */
  keepBooks(command: Command, outcome: Outcome): void {
    if (command.kind === "acquire" && outcome.kind === "granted") {
      this.#granted.set(outcome.grant.grantId, outcome.grant);
    } else if (command.kind === "release" || command.kind === "cancel") {
      if (outcome.kind !== "failure") this.#granted.delete(command.grantId);
    }
  }

  /** Fills in the lists of a script's answer. */
  listed(outcome: Outcome): Outcome {
    if (outcome.kind !== "heartbeat") return outcome;
    const leases = outcome.leases.map((answer) =>
      answer.held === asGranted ? { ...answer, held: this.#heldUnder(answer.lease) } : answer,
    );
    return { ...outcome, leases };
  }

  #heldUnder(lease: SessionLease): HeldEntry[] {
    return [...this.#granted.values()]
      .filter((grant) => leasesOf(grant).some((each) => isSameLease(each, lease)))
      .map(({ lock, grantId }) => ({ kind: "holder", lock, grantId }));
  }
}

class ScriptedConnection implements Connection {
  readonly region: string;
  readonly endpoint: string;
  readonly listener: ConnectionListener;
  readonly #transport: ScriptedTransport;
  readonly #pending = new Set<() => void>();
  #closed = false;

  constructor(
    transport: ScriptedTransport,
    endpoint: string,
    region: string,
    listener: ConnectionListener,
  ) {
    this.#transport = transport;
    this.endpoint = endpoint;
    this.region = region;
    this.listener = listener;
  }

  send<C extends Command>(
    command: C,
    onPosition?: (position: number) => void,
    onLeases?: (leases: readonly SessionLease[]) => void,
  ): Promise<OutcomeOf<C>> {
    return new Promise((resolve) => {
      const unknown = failure("UNKNOWN_OUTCOME", "The connection broke.") as OutcomeOf<C>;
      const lose = () => sent.answer(unknown);
      const sent: Sent<C> = {
        command,
        endpoint: this.endpoint,
        atMs: this.#transport.nowMs(),
        answered: false,
        answer: (outcome) => {
          sent.answered = true;
          this.#pending.delete(lose);
          this.#transport.keepBooks(command, outcome);
          resolve(outcome);
        },
        position: (position) => onPosition?.(position),
        leases: (leases) => onLeases?.(leases),
      };
      this.#pending.add(lose);
      this.#transport.sent.push(sent as unknown as Sent);
      if (this.#closed) lose();
      const outcome = this.#closed ? undefined : this.#transport.script(command, this.endpoint);
      if (outcome !== undefined) sent.answer(this.#transport.listed(outcome) as OutcomeOf<C>);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#transport.closed(this);
    for (const lose of [...this.#pending]) lose();
    this.listener.onClosed("closed");
  }
}

function leasesOf({ lease, confirmed }: Grant): SessionLease[] {
  return confirmed === undefined ? [lease] : confirmed.map((each) => each.lease);
}

/** In a script's answer to a heartbeat: what was granted under the lease and not ended since. */
const asGranted: readonly HeldEntry[] = [];

/** The lease the script gives every session in its first shard. */
export function firstLease(region: string): SessionLease {
  return { region, shard: "s0", leaseId: 1n as LeaseId };
}

/**
 * Opens sessions, confirms every lease a heartbeat names and every global grant under a session,
 * and closes sessions; leaves acquires, releases and cancels to the test.
 */
export function cooperative(command: Command): Outcome | undefined {
  switch (command.kind) {
    case "open-session": {
      const { ttlMs, region, requestId } = command;
      const session = command.session ?? (`session-${requestId}` as SessionId);
      const validForMs = validityMs(ttlMs);
      // What asks for global locks gets its first lease in the region of its router.
      const lease = firstLease(region === globalRegion ? "us" : region);
      return { kind: "opened", session, ttlMs, lease, validForMs };
    }
    case "heartbeat":
      return {
        kind: "heartbeat",
        leases: command.leases.map((lease) => ({
          lease,
          validForMs: validityMs(command.ttlMs),
          unknown: false,
          ...(command.list ? { held: asGranted } : undefined),
        })),
      };
    case "renew":
      // Only what the client asks by itself; for what the rig's ttl allows.
      if (command.ttlMs !== undefined) return undefined;
      return { kind: "renewed", validForMs: 8_660 };
    case "close-session":
      return { kind: "closed" };
    default:
      return undefined;
  }
}
