import type { GrantId } from "@holdfast/base/ids";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import { acquireOf, requestOf } from "@holdfast/core/quorum/testing/requests";
import type { RegionAction, RegionState, RegionVisit } from "./region-action.ts";
import { type LocalClient, localNames, visitOf } from "./region-clients.ts";
import type { Coordinator } from "./region-coordinator.ts";
import { columns, type RegionParts } from "./region-parts.ts";
import { markerOf } from "./region-shard.ts";

/** Coordinators could take one place from each other for ever. */
const placesMax = 4;

/** What clients do, those of the region and the one of another region. */
export class Visits {
  readonly #parts: RegionParts;
  #visit: RegionVisit = () => {};

  constructor(parts: RegionParts) {
    this.#parts = parts;
  }

  /** Everything that clients may do in `state`. */
  visit(state: RegionState, visit: RegionVisit): void {
    this.#visit = visit;
    for (const [at, name] of localNames.entries()) this.#client(state, at, name);
    this.#visiting(state);
  }

  #client(state: RegionState, at: number, name: string): void {
    const client = this.#parts.clients.at(state[columns.clients + at]!);
    const { scope } = this.#parts;
    for (let to = 0; to < scope.coordinators; to++) {
      this.#asking(state, at, name, to);
      this.#placing(state, name, to);
      if (client.token !== undefined && !client.isDone) this.#releasing(state, at, name, to);
      else if (scope.mayCancel && client.lease > 0 && !client.isDone) {
        this.#cancelling(state, at, name, to);
      }
    }
    if (client.isBelieving) {
      this.#changed(
        state,
        at,
        { ...client, isBelieving: false, under: undefined },
        {
          kind: "happens",
          at: "clients",
          text: `${name} believes no longer`,
        },
      );
    } else if (scope.leasesEnd && this.#parts.shard.hasLease(state[1]!, name, client.lease)) {
      const shard = this.#parts.shard.endLease(state[1]!, name, client.lease);
      const text = `the lease of ${name} ends`;
      this.#changed(
        state,
        at,
        { ...client, hasLeaseEnded: true },
        { kind: "happens", at: "shard", text },
        shard,
      );
    }
  }

  /** Under the lease that its session has, or a new one. */
  #asking(state: RegionState, at: number, name: string, to: number): void {
    const client = this.#parts.clients.at(state[columns.clients + at]!);
    const self = this.#parts.coordinatorIn(state, to);
    if (client.asksLeft === 0 || client.isDone || client.token !== undefined) return;
    if (self.line.some((each) => each.client === name)) return;
    const hasLease = client.lease > 0 && this.#parts.shard.hasLease(state[1]!, name, client.lease);
    const lease = hasLease ? client.lease : client.lease + 1;
    const shard = hasLease ? state[1]! : this.#parts.shard.withLease(state[1]!, name, lease);
    const asked = { ...client, asksLeft: client.asksLeft - 1, lease, hasLeaseEnded: false };
    const line = [...self.line, { client: name, lease, place: undefined }];
    const joined = this.#parts.coordinatorId({ ...self, line });
    const action = { kind: "says", client: name, to, text: `acquire ${name} or wait` } as const;
    this.#changed(state, at, asked, action, shard, [to, joined]);
  }

  /** A place is taken beside all other steps, and changes nothing about who has the lock. */
  #placing(state: RegionState, name: string, to: number): void {
    const self = this.#parts.coordinatorIn(state, to);
    const inLine = self.line.find((each) => each.client === name);
    if (inLine === undefined || inLine.place !== undefined) return;
    if (this.#parts.shard.placesTaken(state[1]!) >= placesMax) return;
    const marker = markerOf(name, inLine.lease);
    const place = { request: requestOf(name), marker, coordinator: "c" };
    const { generation } = self;
    const step = this.#parts.shard.stepId({ step: { kind: "enqueue", ...place }, generation });
    const { reply, shard } = this.#parts.shard.land(state[1]!, step);
    const after = this.#parts.copy(state);
    after[1] = shard;
    const others = self.line.filter((each) => each !== inLine);
    let next: Coordinator = { ...self, line: others };
    if (reply.kind === "placed") {
      const { since, written } = reply;
      next = { ...self, line: [...others, { ...inLine, place: { since, written } }] };
    } else if (reply.kind === "seen") {
      if (reply.holder?.grantId !== name || self.state === undefined) return;
      next = { ...self, isInDoubt: true };
    } else if (reply.kind === "moved") return;
    after[columns.coordinators + to] = this.#parts.coordinatorId(next);
    this.#visit(after, { kind: "lands", from: to, step, shard: state[1]! }, undefined);
  }

  #releasing(state: RegionState, at: number, name: string, to: number): void {
    const client = this.#parts.clients.at(state[columns.clients + at]!);
    const { token, lease } = client;
    if (token === undefined) return;
    const self = this.#parts.coordinatorIn(state, to);
    const releases = [...self.releases, { client: name, lease, token }];
    const done = { ...client, isBelieving: false, under: undefined, isDone: true };
    const action = { kind: "says", client: name, to, text: `release ${name}` } as const;
    const next = this.#parts.coordinatorId({ ...self, releases });
    this.#changed(state, at, done, action, undefined, [to, next]);
  }

  /** It is carried out at once; what it finds granted is released at once, too. */
  #cancelling(state: RegionState, at: number, name: string, to: number): void {
    const client = this.#parts.clients.at(state[columns.clients + at]!);
    const self = this.#parts.coordinatorIn(state, to);
    const marker = markerOf(name, client.lease);
    const grantId = name as GrantId;
    const { generation } = self;
    const cancel = this.#parts.shard.stepId({
      step: { kind: "cancel", grantId, marker },
      generation,
    });
    const cancelled = this.#parts.shard.land(state[1]!, cancel);
    if (cancelled.reply.kind !== "cancelled") return;
    let { shard } = cancelled;
    const { holder } = cancelled.reply;
    if (holder !== undefined) {
      const step = { kind: "release", grantId, token: holder.token, marker } as const;
      shard = this.#parts.shard.land(shard, this.#parts.shard.stepId({ step, generation })).shard;
    }
    const line = self.line.filter((each) => each.client !== name);
    const isInDoubt = self.isInDoubt || (holder !== undefined && self.state !== undefined);
    const next = this.#parts.coordinatorId({ ...self, line, isInDoubt });
    const done = { ...client, isDone: true, isOver: true };
    const action = { kind: "says", client: name, to, text: `cancel ${name}; cancelled` } as const;
    this.#changed(state, at, done, action, shard, [to, next]);
  }

  #changed(
    state: RegionState,
    at: number,
    client: LocalClient,
    action: RegionAction,
    shard?: number,
    [to, coordinator]: readonly number[] = [],
  ): void {
    const after = this.#parts.copy(state);
    after[columns.clients + at] = this.#parts.clientId(client);
    if (shard !== undefined) after[1] = shard;
    if (to !== undefined && coordinator !== undefined)
      after[columns.coordinators + to] = coordinator;
    this.#visit(after, action, undefined);
  }

  /** The client of another region. */
  #visiting(state: RegionState): void {
    const self = this.#parts.visitors.at(state[columns.visitor]!);
    const { phase, visitsLeft, token } = self;
    const name = visitOf(self);
    if ((phase === "away" && visitsLeft > 0) || phase === "waiting") {
      const after = this.#parts.copy(state);
      const command = visitCommand(name, phase === "waiting");
      const { outcome, violation } = this.#parts.apply(after, command);
      const isGranted = outcome.kind === "granted";
      const given = isGranted ? outcome.holder.token : undefined;
      const next = { ...self, phase: isGranted ? "believing" : "waiting", token: given } as const;
      after[columns.visitor] = this.#parts.visitorId(next);
      const found =
        given === undefined ? violation : (violation ?? this.#parts.believe(after, name, given));
      this.#visit(after, { kind: "visits", text: `acquire ${name} or wait`, outcome }, found);
    }
    if (phase === "believing") {
      const after = this.#parts.copy(state);
      after[columns.visitor] = this.#parts.visitorId({ ...self, phase: "over" });
      const text = `${name} believes no longer`;
      this.#visit(after, { kind: "happens", at: "clients", text }, undefined);
    }
    if (token === undefined || (phase !== "over" && phase !== "believing")) return;
    const after = this.#parts.copy(state);
    const { outcome, violation } = this.#parts.apply(after, {
      kind: "release",
      grantId: name,
      token,
    });
    after[columns.visitor] = this.#parts.visitorId({
      visitsLeft: visitsLeft - 1,
      phase: "away",
      token: undefined,
    });
    this.#visit(after, { kind: "visits", text: `release ${name}`, outcome }, violation);
  }
}

const visitCommands = new Map<string, RegisterCommand>();

function visitCommand(name: GrantId, mayBeGranted: boolean): RegisterCommand {
  const key = `${name} ${mayBeGranted}`;
  const command = visitCommands.get(key) ?? acquireOf(name, { wait: true, mayBeGranted });
  visitCommands.set(key, command);
  return command;
}
