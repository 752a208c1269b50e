import { type DelegationState, localToken } from "@holdfast/core/delegation/delegation-state";
import type { LocalReply, LocalStep } from "@holdfast/core/delegation/local-step";
import type { RegisterOutcome } from "@holdfast/core/quorum/register-command";
import { commandText, outcomeText, tokenText } from "../speech.ts";
import type { Lane, Part, Scene } from "../story.ts";
import type { RegionAction, RegionStep } from "./region-action.ts";
import type { Told } from "./region-coordinator.ts";
import type { RegionModel } from "./region-model.ts";
import type { RegionScope } from "./region-scope.ts";

const clients: Part = { kind: "client", index: 0 };
const shard: Part = { kind: "region", index: 0 };
const register: Part = { kind: "region", index: 1 };
const coordinator = (index: number): Part => ({ kind: "proposer", index });

/** Everybody, from left to right. */
export function regionLanes(scope: RegionScope): Lane[] {
  const all = Array.from({ length: scope.coordinators }, (_, index) => {
    return { name: `C${index + 1}`, parts: [coordinator(index)] };
  });
  return [
    { name: "clients", parts: [clients] },
    ...all,
    { name: "shard", parts: [shard] },
    { name: "register", parts: [register] },
  ];
}

/** What happened, as messages and notes. */
export function regionScenes(model: RegionModel, steps: readonly RegionStep[]): Scene[] {
  return steps.flatMap(({ action }) => scenesOf(model, action));
}

function scenesOf(model: RegionModel, action: RegionAction): Scene[] {
  switch (action.kind) {
    case "does": {
      const at = coordinator(action.at);
      return [{ kind: "note", at, text: action.turn.why }, ...toldScenes(at, action.turn.told)];
    }
    case "hears": {
      const at = coordinator(action.at);
      const told = toldScenes(at, action.turn.told);
      const note: Scene = { kind: "note", at, text: action.turn.why };
      const { heard } = action;
      if (heard === undefined) {
        return [{ kind: "note", at, text: "waits for the shard no longer" }, note, ...told];
      }
      const isStep = isReply(heard);
      const text = isStep ? replyText(heard) : outcomeText(heard);
      return [{ kind: "says", from: isStep ? shard : register, to: at, text }, note, ...told];
    }
    case "at once":
      return action.actions.flatMap((each) => scenesOf(model, each));
    case "lands": {
      const { step } = model.parts.shard.steps.at(action.step);
      const text = stepText(step);
      if (action.from >= 0)
        return [{ kind: "says", from: coordinator(action.from), to: shard, text }];
      const { reply } = model.parts.shard.land(action.shard, action.step);
      return [{ kind: "note", at: shard, text: `comes late: ${text}; ${replyText(reply)}` }];
    }
    case "applies": {
      const text = commandText(action.command);
      if (action.from >= 0) {
        return [{ kind: "says", from: coordinator(action.from), to: register, text }];
      }
      return [{ kind: "note", at: register, text: `comes late: ${text}` }];
    }
    case "says":
      return [{ kind: "says", from: clients, to: coordinator(action.to), text: action.text }];
    case "visits": {
      const { outcome } = action;
      const scenes: Scene[] = [{ kind: "says", from: clients, to: register, text: action.text }];
      if (outcome === undefined) return scenes;
      return [...scenes, { kind: "says", from: register, to: clients, text: outcomeText(outcome) }];
    }
    case "happens": {
      const places = { shard, register, clients };
      const at = typeof action.at === "number" ? coordinator(action.at) : places[action.at];
      return [{ kind: "note", at, text: action.text }];
    }
  }
}

const replies = /^(done|placed|given-up|lease-ended|seen|moved)$/;

/** Of a shard, and not of the register: what they both may say differs in what comes with it. */
function isReply(heard: LocalReply | RegisterOutcome): heard is LocalReply {
  return replies.test(heard.kind) || "refused" in heard;
}

function toldScenes(from: Part, told: readonly Told[] = []): Scene[] {
  return told.map((each) => {
    const text =
      each.kind === "granted"
        ? `granted ${each.client}/${tokenText(each.token)}`
        : `${each.client}: ${each.kind}`;
    return { kind: "says", from, to: clients, text };
  });
}

/** What a coordinator asks of the shard. */
function stepText(step: LocalStep): string {
  switch (step.kind) {
    case "open":
      return `open ${stateText(step.state)}`;
    case "renew":
      return `renew ${stateText(step.from)}; with counter ${step.counter}`;
    case "grant":
      return `grant ${step.request.grantId}; at ${stateText(step.from)}`;
    case "promote":
      return `promote ${step.place.request.grantId}; at ${stateText(step.from)}`;
    case "enqueue":
      return `place for ${step.request.grantId}`;
    case "close":
      return `close ${stateText(step.from)}`;
    case "cancel":
      return `cancel ${step.grantId}`;
    case "look":
      return "look";
    case "release": {
      const text = `release ${step.grantId}/${tokenText(step.token)}`;
      const { next } = step;
      if (next === undefined) return text;
      const then = next.kind === "close" ? "close" : `hand over to ${next.place.request.grantId}`;
      return `${text}; ${then} at ${stateText(next.from)}`;
    }
  }
}

function replyText(reply: LocalReply): string {
  switch (reply.kind) {
    case "seen": {
      const { state, holder } = reply;
      const what = state === undefined ? "nothing" : stateText(state);
      return holder === undefined ? `has ${what}` : `has ${what}; held by ${holder.grantId}`;
    }
    case "released":
      return reply.found ? "released" : "was not held";
    default:
      return reply.kind;
  }
}

function stateText(state: DelegationState): string {
  return `${state.id} ${tokenText(localToken(state))} ${state.isOpen ? "open" : "closed"}`;
}
