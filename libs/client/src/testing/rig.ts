import { failure } from "@holdfast/base/failure";
import type { LeaseId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import type { AcquireCommand, SessionLease } from "@holdfast/core/command/command";
import type { AcquireOutcome, Grant, HeartbeatOutcome } from "@holdfast/core/command/outcome";
import { validityMs } from "@holdfast/core/lease/validity";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import { HoldfastClient } from "../holdfast-client.ts";
import type { Lock } from "../lock.ts";
import type { AcquireOptions, ClientOptions } from "../options.ts";
import { firstLease, ScriptedTransport } from "./scripted-transport.ts";

/** A client over a network and a clock that do only what the test says. */
export interface Rig {
  readonly clock: ManualClock;
  readonly net: ScriptedTransport;
  readonly client: HoldfastClient;
}

/** The ttl of the rig's client unless a test says otherwise. */
export const ttlMs = 9_000;

/** Routers a (us, 1 ms away) and b (us, 5 ms) and c (eu, 20 ms); the client is connected to a. */
export async function rigOf(options: Partial<ClientOptions> = {}): Promise<Rig> {
  const clock = new ManualClock();
  const net = new ScriptedTransport(clock);
  net.router("a:1", "us", 1).router("b:1", "us", 5).router("c:1", "eu", 20);
  const endpoints = ["a:1", "b:1", "c:1"];
  const connecting = HoldfastClient.over(
    { endpoints, owner: "test", ttl: ttlMs, ...options },
    { transport: net, clock, random: new SeededRandom(7) },
  );
  const [client] = await Promise.all([connecting, clock.advance(20)]);
  return { clock, net, client };
}

/** A lock held by the rig's client, under the lease the script gives every session. */
export async function heldLock(
  rig: Rig,
  name = "order",
  options: AcquireOptions = {},
): Promise<Lock> {
  const acquiring = rig.client.acquire(name, options);
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  sent.answer(granted(sent.command));
  return acquiring;
}

/** The grant an acquire gets. */
export function granted(
  command: AcquireCommand,
  under: Partial<Pick<Grant, "lease" | "validForMs" | "validFrom" | "token">> = {},
): AcquireOutcome {
  const { lock, mode, session, requestId, ttlMs: ownTtlMs } = command;
  const {
    lease = firstLease(lock.region),
    validForMs = validityMs(ownTtlMs ?? ttlMs),
    validFrom = "first-send",
    token = 5n,
  } = under;
  const grantId = grantIdOf(session, requestId);
  const regions = [lock.region];
  const grant = { lock, grantId, mode, token, validForMs, validFrom, lease, regions };
  return { kind: "granted", grant };
}

/** The regions that decide about the rig's global locks. */
export const regions = ["us", "eu", "ap"] as const;

/** The grant a global acquire gets: confirmed in `where` by the first lease there. */
export function grantedIn(
  command: AcquireCommand,
  where: readonly string[] = regions,
  validForMs = validityMs(command.ttlMs ?? ttlMs),
): AcquireOutcome {
  const outcome = granted(command, { lease: firstLease(where[0] ?? "us"), validForMs });
  if (outcome.kind !== "granted") return outcome;
  const confirmed = where.map((region) => ({ lease: firstLease(region), validForMs }));
  return { kind: "granted", grant: { ...outcome.grant, regions: [...where], confirmed } };
}

/** A global lock held by the rig's client, confirmed in `where`. */
export async function heldGlobally(
  rig: Rig,
  where: readonly string[] = regions,
  name = "order",
): Promise<Lock> {
  const acquiring = rig.client.acquire(name, { scope: "global" });
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  sent.answer(grantedIn(sent.command, where));
  return acquiring;
}

/** From now on heartbeats to these regions find that nobody answers there. */
export function silences(net: ScriptedTransport, ...silent: string[]): void {
  const rest = net.script;
  net.script = (command, endpoint) => {
    const outcome = rest(command, endpoint);
    if (outcome?.kind !== "heartbeat") return outcome;
    const leases = outcome.leases.map((answer) =>
      silent.includes(answer.lease.region)
        ? { lease: answer.lease, validForMs: 0, unknown: true }
        : answer,
    );
    return { kind: "heartbeat", leases };
  };
}

/** From now on heartbeats to these regions find that the session's lease there has ended. */
export function endsIn(net: ScriptedTransport, ...ended: string[]): void {
  const rest = net.script;
  net.script = (command, endpoint) => {
    const outcome = rest(command, endpoint);
    if (outcome?.kind !== "heartbeat") return outcome;
    const leases = outcome.leases.map((answer) =>
      ended.includes(answer.lease.region)
        ? { lease: answer.lease, validForMs: 0, unknown: false }
        : answer,
    );
    return { kind: "heartbeat", leases };
  };
}

/** Another lease of the same session. */
export function leaseIn(shard: string, id: number, region = "us"): SessionLease {
  return { region, shard, leaseId: BigInt(id) as LeaseId };
}

/** What a heartbeat's answer says of one lease. */
export function leaseAnswers(
  ...answers: Partial<HeartbeatLease>[]
): HeartbeatOutcome & { readonly kind: "heartbeat" } {
  const leases = answers.map((answer) => ({
    lease: firstLease("us"),
    validForMs: validityMs(ttlMs),
    unknown: false,
    ...answer,
  }));
  return { kind: "heartbeat", leases };
}

type HeartbeatLease = Extract<HeartbeatOutcome, { kind: "heartbeat" }>["leases"][number];

/** The answer that never came. */
export const unknown = failure("UNKNOWN_OUTCOME", "The connection broke.");

/** Answers every acquire as soon as it is sent, and every release and cancel with success. */
export function answersAll(net: ScriptedTransport): void {
  const rest = net.script;
  net.script = (command, endpoint) => {
    if (command.kind === "acquire") return granted(command);
    if (command.kind === "release") return { kind: "released", handedOver: false };
    if (command.kind === "cancel") return { kind: "cancelled", found: false };
    return rest(command, endpoint);
  };
}

/** Leaves heartbeats to the test. */
export function holdsHeartbeats(net: ScriptedTransport): void {
  const rest = net.script;
  net.script = (command, endpoint) =>
    command.kind === "heartbeat" ? undefined : rest(command, endpoint);
}

/** Fails the test with what an acquire threw instead of a lock, or returns its code. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "it did not throw";
}
