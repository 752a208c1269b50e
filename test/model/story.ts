import { type Ballot, printBallot } from "@holdfast/core/quorum/ballot";
import type { Model } from "./model.ts";
import { commandOf } from "./proposer-state.ts";
import type { Turn } from "./proposers.ts";
import type { Step } from "./retrace.ts";
import { regions } from "./scope.ts";
import { commandText, messageText, outcomeText, replyText } from "./speech.ts";
import { isSameBallot } from "./vocabulary.ts";

/** Somebody in a diagram. */
export interface Part {
  readonly kind: "client" | "proposer" | "region";
  readonly index: number;
}

/** Something that a diagram shows. */
export type Scene =
  | { readonly kind: "says"; readonly from: Part; readonly to: Part; readonly text: string }
  | { readonly kind: "note"; readonly at: Part; readonly text: string };

/** What happened, from the first request on, as messages and notes. */
export function storyOf(model: Model, steps: readonly Step[]): Scene[] {
  const scenes = model.scope.clients.flatMap((client, index) => {
    const from: Part = { kind: "client", index };
    const to: Part = { kind: "proposer", index };
    const [job] = client.jobs;
    if (job === undefined) return [];
    const asked = { mayBeGranted: client.isRepeat, since: undefined, token: undefined };
    const command = commandOf(job, { ...emptyState, ...asked });
    return [{ kind: "says" as const, from, to, text: commandText(command) }];
  });
  return [...scenes, ...steps.flatMap((step) => scenesOf(model, step))];
}

const emptyState = {
  incarnation: 1,
  round: 0,
  job: 0,
  attempts: 0,
  warm: undefined,
  crashes: 0,
  trying: undefined,
};

function scenesOf(model: Model, { action, before }: Step): Scene[] {
  if (action.kind === "turn") {
    return turnScenes(model, action.client, action.turn, before[regions.length + action.client]!);
  }
  const at: Part = { kind: "region", index: action.region };
  const { what, copies } = action.move;
  if (what.kind === "expire")
    return [{ kind: "note", at, text: `the lease of the ${what.session} ends` }];
  if (what.kind === "wipe") {
    return [{ kind: "note", at, text: "loses its leases; admitted again, half trusted" }];
  }
  const more = copies > 0 ? "; a copy will come later" : "";
  return messageScenes(model, action.region, what.message, more);
}

/** A request arrives at a region. */
export function messageScenes(
  model: Model,
  region: number,
  messageId: number,
  more: string,
): Scene[] {
  const message = model.vocabulary.messages.at(messageId);
  const from: Part = { kind: "proposer", index: message.proposer };
  const to: Part = { kind: "region", index: region };
  return [{ kind: "says", from, to, text: messageText(message) + more }];
}

/** What a proposer hears, does and says. */
export function turnScenes(model: Model, index: number, turn: Turn, before: number): Scene[] {
  const client: Part = { kind: "client", index };
  const proposer: Part = { kind: "proposer", index };
  const scenes: Scene[] = turn.inputs.map((input) =>
    input === "hesitated"
      ? { kind: "note", at: proposer, text: "waits for the third region no longer" }
      : {
          kind: "says",
          from: { kind: "region", index: input.column },
          to: proposer,
          text: replyText(model.vocabulary.replies.at(input.reply)),
        },
  );
  const old = model.proposers.at(before).trying;
  const { trying } = model.proposers.at(turn.proposer);
  if (turn.why === "asks" && trying !== undefined) {
    scenes.push({ kind: "says", from: client, to: proposer, text: commandText(trying.command) });
  }
  const text = noteOf(turn, old?.ballot, trying?.ballot);
  if (text !== undefined) scenes.push({ kind: "note", at: proposer, text });
  if (turn.why === "crashes" && trying !== undefined) {
    scenes.push({ kind: "says", from: client, to: proposer, text: commandText(trying.command) });
  }
  if (turn.answer !== undefined) {
    scenes.push({ kind: "says", from: proposer, to: client, text: outcomeText(turn.answer) });
  }
  return scenes;
}

function noteOf({ why }: Turn, old: Ballot | undefined, now: Ballot | undefined) {
  if (now === undefined || isSameBallot(old, now)) return undefined;
  const begun = printBallot(now);
  if (why === "crashes") return `dies, starts anew with ${begun}`;
  if (old === undefined) return `has ballot ${begun}`;
  const ended = printBallot(old);
  return why === "gives up"
    ? `gives ${ended} up, goes on with ${begun}`
    : `lost; goes on with ${begun}`;
}

/** One line of life in a diagram. */
export interface Lane {
  readonly name: string;
  readonly parts: readonly Part[];
}

/** Everybody, from left to right; clients share one line. */
export function lanesOf(model: Model): Lane[] {
  const clients = [...model.scope.clients.keys()];
  return [
    { name: "clients", parts: clients.map((index) => ({ kind: "client" as const, index })) },
    ...clients.map((index) => ({
      name: `P${index + 1}`,
      parts: [{ kind: "proposer" as const, index }],
    })),
    ...regions.map((index) => ({
      name: `R${index + 1}`,
      parts: [{ kind: "region" as const, index }],
    })),
  ];
}
