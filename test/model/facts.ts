import { compareBallots, printBallot } from "@holdfast/core/quorum/ballot";
import type { Violation } from "@holdfast/simulator/history/run";
import type { Model, State } from "./model.ts";
import type { Step } from "./retrace.ts";
import { grantOf, regions } from "./scope.ts";
import { outcomeText, valueText } from "./speech.ts";
import { isSameBallot } from "./vocabulary.ts";

/** Something that came true on the way, in words. */
export interface Fact {
  readonly kind: "chosen" | "told" | "kept" | "gone";
  readonly text: string;
}

/** The two things that cannot both be, or the one that cannot be at all. */
export function factsOf(model: Model, steps: readonly Step[], { checker }: Violation): Fact[] {
  const facts = steps.flatMap((step) => [
    ...chosenIn(model, step),
    ...toldIn(model, step),
    ...keptIn(model, step),
    ...goneIn(step),
  ]);
  const last = (kind: Fact["kind"], count: number) =>
    facts.filter((fact) => fact.kind === kind).slice(-count);
  switch (checker) {
    case "I1":
    case "I2":
    case "I3":
      return last("kept", 2);
    case "I5":
    case "I6":
    case "I11":
      return [...last("told", 1), ...last("chosen", 1)];
    case "I10":
      return last("told", 2);
    case "L1":
    case "L2":
      return last("gone", 3);
    default:
      return last("chosen", 2);
  }
}

/** A value that two regions accepted. */
function chosenIn(model: Model, { action, before, after }: Step): Fact[] {
  if (action.kind !== "move" || action.move.what.kind !== "deliver") return [];
  const message = model.vocabulary.messages.at(action.move.what.message);
  if (message.kind !== "accept" || action.move.told < 0) return [];
  const { ballot, value } = message.request;
  const accepts = (state: State) =>
    regions.filter((region) => isSameBallot(acceptedIn(model, state, region)?.ballot, ballot));
  const now = accepts(after);
  // The first of the two may have gone on to another ballot by now.
  const past = model.pasts.at(after[model.width - 2]!).accepts;
  const known = past.find((each) => compareBallots(each.ballot, ballot) === 0);
  const earlier = model.pasts.at(before[model.width - 2]!).accepts;
  const knew = earlier.find((each) => compareBallots(each.ballot, ballot) === 0);
  if ((known?.count ?? 0) < 2 || (knew?.count ?? 0) >= 2) return [];
  const names = now.map((region) => `R${region + 1}`).join(" and ");
  const text = `${printBallot(ballot)} is chosen by ${names}: ${valueText(value)}`;
  return [{ kind: "chosen", text }];
}

function toldIn(model: Model, { action, after }: Step): Fact[] {
  if (action.kind !== "turn" || action.turn.answer === undefined) return [];
  const { grantId } = grantOf(model.scope.clients[action.client]!);
  const said = outcomeText(action.turn.answer);
  const counting = regions.filter(
    (region) => (model.columns.at(after[region]!).beliefs & (1 << action.client)) !== 0,
  );
  const names = counting.map((region) => `R${region + 1}`).join(" and ");
  const text = `the client of ${grantId} is told: ${said}`;
  const leases = counting.length === 0 ? "" : `, and counts on its leases in ${names}`;
  return [{ kind: "told", text: text + leases }];
}

/** What a region had, and what it has. */
function keptIn(model: Model, { action, before, after }: Step): Fact[] {
  if (action.kind !== "move" || before[action.region] === after[action.region]) return [];
  return [before, after].map((state) => {
    const { promised, accepted } = model.acceptors.at(
      model.columns.at(state[action.region]!).acceptor,
    );
    const value =
      accepted === undefined
        ? "nothing"
        : `${printBallot(accepted.ballot)}: ${valueText(accepted.value)}`;
    const when = state === before ? "had" : "now has";
    const region = `R${action.region + 1}`;
    return {
      kind: "kept" as const,
      text: `${region} ${when} promised ${printBallot(promised)} and accepted ${value}`,
    };
  });
}

function goneIn({ action }: Step): Fact[] {
  if (action.kind !== "move" || action.move.what.kind !== "expire") return [];
  const { session } = action.move.what;
  return [{ kind: "gone", text: `the lease of the ${session} has ended in R${action.region + 1}` }];
}

function acceptedIn(model: Model, state: State, region: number) {
  return model.acceptors.at(model.columns.at(state[region]!).acceptor).accepted;
}
