import type { GrantId } from "@holdfast/base/ids";
import {
  counterOf,
  type DelegationState,
  openedState,
} from "@holdfast/core/delegation/delegation-state";
import type { LocalStep, Place, ReleaseStep } from "@holdfast/core/delegation/local-step";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import type { GlobalRequest } from "@holdfast/core/quorum/register-value";
import { requestOf } from "@holdfast/core/quorum/testing/requests";
import {
  believing,
  type Coordinator,
  type InLine,
  left,
  type Tenure,
  type Turn,
} from "./region-coordinator.ts";
import { markerOf } from "./region-shard.ts";

/** What a delegation's id ends with; see engine/region-delegation.ts. */
export function suffixOf(generation: number): string {
  return `.g${generation}`;
}

/**
 * Everything that a coordinator may do next by itself. When it does what is left to chance: policy
 * and clocks only choose among these.
 */
export function doings(self: Coordinator, idsUsed: number): Turn[] {
  return [
    ...askings(self, idsUsed),
    ...(self.asked === undefined ? steps(self) : []),
    ...others(self),
  ];
}

/** Steps to the shard, one at a time: each compares what the one before it left. */
function steps(self: Coordinator): Turn[] {
  const { tenure, state, releases } = self;
  const look = self.isInDoubt || self.holder !== undefined ? [send(self, { kind: "look" })] : [];
  if (self.isInDoubt) return look;
  if (releases.length > 0) return [...look, ...releasing(self)];
  if (tenure?.isEnding) return look;
  if (state?.isOpen) return [...look, ...usings(self, state)];
  if (tenure === undefined || state !== undefined) return look;
  // What was opened in a shard that has lost its data since may be in use, by who found it open.
  const isOfNow = tenure.id.endsWith(suffixOf(self.generation));
  if (tenure.token === undefined || (!tenure.isUntouched && !isOfNow)) return look;
  const touched = { ...self, tenure: { ...tenure, isUntouched: false } };
  const opening = openedState(tenure.id, counterOf(tenure.token));
  return [...look, send(touched, { kind: "open", state: opening })];
}

/** What an open delegation is used for. */
function usings(self: Coordinator, from: DelegationState): Turn[] {
  const { tenure, holder, line } = self;
  const counter = counterOf(tenure?.token ?? 0n);
  if (counter > from.counter) return [send(self, { kind: "renew", from, counter })];
  if (holder !== undefined) return [];
  const closing = [send(self, { kind: "close", from })];
  if (!isUsable(tenure)) return closing;
  const head = headOf(line);
  if (head !== undefined)
    return [...closing, send(self, { kind: "promote", from, place: placeOf(head) })];
  const granting = line.map(({ client, lease }) => {
    const marker = markerOf(client, lease);
    return send(self, { kind: "grant", from, request: requestOf(client), marker });
  });
  return [...closing, ...granting];
}

/** The first of the releases, with what may go with it. */
function releasing(self: Coordinator): Turn[] {
  const { state: from, holder, tenure, line } = self;
  const [first, ...releases] = self.releases;
  if (first === undefined) return [];
  const { client, lease, token } = first;
  const grantId = client as GrantId;
  const step: ReleaseStep = { kind: "release", grantId, token, marker: markerOf(client, lease) };
  const rest = { ...self, releases };
  const plain = send(rest, step);
  if (!from?.isOpen || holder?.grantId !== grantId) return [plain];
  const closing = send(rest, { ...step, next: { kind: "close", from } });
  const head = headOf(line);
  if (head === undefined || !isUsable(tenure)) return [plain, closing];
  return [
    plain,
    closing,
    send(rest, { ...step, next: { kind: "hand-over", from, place: placeOf(head) } }),
  ];
}

/** Commands for the register, one at a time. */
function askings(self: Coordinator, idsUsed: number): Turn[] {
  const { tenure, state, line, generation } = self;
  if (tenure === undefined) {
    const isBusy = self.asked !== undefined || self.found !== undefined || self.isInDoubt;
    if (line.length === 0 || isBusy || state?.isOpen || self.releases.length > 0) return [];
    const id = `d${idsUsed + 1}${suffixOf(generation)}` as GrantId;
    const next = ask({ ...self, tenure: newTenure(id, true) });
    return [{ why: "asks for a delegation", next, uses: "delegation" }];
  }
  if (tenure.underWay !== undefined) return [];
  if (tenure.isEnding) return [end(self, tenure, "proposes the end again")];
  if (self.asked === undefined && mayEnd(self, tenure))
    return [end(self, tenure, "proposes the end")];
  const turns: Turn[] = [];
  if (!tenure.isConfirmed) turns.push({ why: "asks what became of it", next: ask(self) });
  const { token, id } = tenure;
  if (token !== undefined && state?.isOpen && self.asked === undefined) {
    const command: RegisterCommand = { kind: "renew-delegation", grantId: id, token };
    turns.push({
      why: "asks for another counter",
      next: submit(self, tenure, command),
      uses: "renewal",
    });
  }
  return turns;
}

/** Once it is closed in the shard, or if it was never touched there. */
function mayEnd({ state, line }: Coordinator, { isUntouched }: Tenure): boolean {
  if (state !== undefined) return !state.isOpen;
  return isUntouched && line.length === 0;
}

function others(self: Coordinator): Turn[] {
  const { tenure, holder, state, found, line } = self;
  const turns: Turn[] = [];
  if (tenure?.token !== undefined) {
    turns.push({ why: "leaves it to expire", next: { ...left(self), line: [] } });
  }
  if (found !== undefined) turns.push(goOn(self, found));
  if (
    holder !== undefined &&
    state?.isOpen &&
    !line.some(({ client }) => client === holder.grantId)
  ) {
    turns.push(...believing(self, "vouches for it again", holder));
  }
  return turns;
}

/** Only with what is open, and of the present generation. */
function goOn(self: Coordinator, found: DelegationState): Turn {
  const calm = { ...self, found: undefined };
  const { id, isOpen } = found;
  if (self.tenure !== undefined || !isOpen || !id.endsWith(suffixOf(self.generation))) {
    return { why: "finds nothing to go on with", next: calm };
  }
  const tenure = newTenure(id, false);
  return { why: `goes on with ${id}`, next: { ...calm, tenure, state: found, isInDoubt: true } };
}

function newTenure(id: GrantId, isUntouched: boolean): Tenure {
  return {
    id,
    token: undefined,
    isConfirmed: false,
    isUntouched,
    isEnding: false,
    wasAsked: false,
    underWay: undefined,
  };
}

function ask(self: Coordinator): Coordinator {
  const { tenure } = self;
  if (tenure === undefined) return self;
  const { id, wasAsked } = tenure;
  const command = { kind: "acquire", request: delegationOf(id), wait: true } as const;
  return submit(self, tenure, { ...command, mayBeGranted: wasAsked });
}

function end(self: Coordinator, tenure: Tenure, why: string): Turn {
  const command = { kind: "cancel", grantId: tenure.id } as const;
  return { why, next: submit(self, { ...tenure, isEnding: true }, command) };
}

function submit(self: Coordinator, tenure: Tenure, command: RegisterCommand): Coordinator {
  const underWay = { command, outcome: undefined, isStale: false };
  return { ...self, tenure: { ...tenure, wasAsked: true, underWay } };
}

function send(self: Coordinator, step: LocalStep): Turn {
  const { generation } = self;
  const asked = { step, generation, reply: undefined, isOrphan: false };
  return { why: `sends ${step.kind}`, next: { ...self, asked } };
}

/** D is ahead: within what is explored, it may be so as long as the leases live. */
function isUsable(tenure: Tenure | undefined): boolean {
  return tenure?.isConfirmed === true;
}

function headOf(line: readonly InLine[]): InLine | undefined {
  let head: InLine | undefined;
  for (const each of line) {
    if (each.place === undefined) continue;
    if (head?.place === undefined || each.place.since < head.place.since) head = each;
  }
  return head;
}

function placeOf({ client, lease, place }: InLine): Place {
  const at = place ?? { since: 0n, written: 0n };
  return { request: requestOf(client), marker: markerOf(client, lease), ...at };
}

function delegationOf(id: GrantId): GlobalRequest {
  return requestOf(id, { region: "east", delegation: true });
}
