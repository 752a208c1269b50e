import { readFileSync } from "node:fs";
import type { AcceptReply, PrepareReply } from "@holdfast/core/quorum/message";
import type { Acceptors } from "@holdfast/engine/register-proposer";
import { type Edit, sabotage } from "../../sabotage/sabotage.ts";
import { type CoordinatorOrder, orderSignal } from "./coordinator-order.ts";
import { mutantCalled } from "./global-mutants.ts";

/**
 * Loaded into a coordinator before its own code: stands between every proposer and the regions, so
 * that a drill can break the proposer at a message of its choice. With HOLDFAST_MUTANT it makes it
 * a sabotaged build as well.
 */
const hook: Edit = {
  file: "libs/engine/src/register-proposer.ts",
  find: "    this.#options = options;\n",
  replace: "    this.#options = globalThis.standBetween(options);\n",
};

/** The copy of a message comes up to so much later: after a later ballot, often. */
const copyLaterMsMax = 250;
/** The regions asked before a death may be out of reach. */
const dieAtTheLatestMs = 1_500;

let dying: Extract<CoordinatorOrder, { kind: "die" }> | undefined;
let repeats = false;

process.on(orderSignal, () => {
  const order = JSON.parse(
    readFileSync(process.env.HOLDFAST_DRILL_ORDERS ?? "", "utf8"),
  ) as CoordinatorOrder;
  if (order.kind === "repeat") repeats = order.isOn;
  else dying = order;
});

function standBetween<O extends { readonly acceptors: Acceptors }>(options: O): O {
  return { ...options, acceptors: between(options.acceptors) };
}

/** The regions as one register's proposer sees them. */
function between(acceptors: Acceptors): Acceptors {
  const deaths = { prepare: new Death("prepare"), accept: new Death("accept") };
  return {
    prepare: (region, request, answer) => {
      const last = deaths.prepare.seize(region, answer);
      if (last === "held") return;
      acceptors.prepare(region, request, last);
      later(() => acceptors.prepare(region, request, last));
    },
    accept: (region, request, answer) => {
      const last = deaths.accept.seize(region, answer);
      if (last === "held") return;
      acceptors.accept(region, request, last);
      later(() => acceptors.accept(region, request, last));
    },
    repair: (region, request) => {
      acceptors.repair?.(region, request);
      later(() => acceptors.repair?.(region, request));
    },
  };
}

function later(send: () => void): void {
  if (repeats) setTimeout(send, Math.random() * copyLaterMsMax);
}

type Answer = (reply: never) => void;

/** Whether, and when, the coordinator dies in one step of one register's proposals. */
class Death {
  readonly #step: "prepare" | "accept";
  #left: number | undefined;
  #unanswered = 0;

  constructor(step: "prepare" | "accept") {
    this.#step = step;
  }

  /** What to answer instead; "held" where the message is not to be sent at all. */
  seize<A extends Answer>(region: number, answer: A): A | "held" {
    if (this.#left === undefined) {
      // The first region of a new proposal: the order is for this register alone.
      if (dying?.step !== this.#step || region !== 0) return answer;
      this.#left = dying.count;
      this.#unanswered = dying.count;
      dying = undefined;
      setTimeout(die, dieAtTheLatestMs);
    }
    if (this.#left === 0) {
      if (this.#unanswered === 0) die();
      return "held";
    }
    this.#left--;
    let isHeard = false;
    const swallow = (_reply: PrepareReply | AcceptReply): void => {
      if (isHeard) return;
      isHeard = true;
      if (--this.#unanswered === 0) die();
    };
    return swallow as unknown as A;
  }
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

Object.assign(globalThis, { standBetween });
const name = process.env.HOLDFAST_MUTANT;
sabotage([hook, ...(name === undefined ? [] : mutantCalled(name).edits)]);

type Ask = (this: unknown, ...args: unknown[]) => unknown;

// What is asked outside of proposals, as the region that is asked gets it. Only now: the edits
// must come before anything that they edit.
const { RegionAcceptor } = await import("@holdfast/engine/region-acceptor");
const asked = RegionAcceptor.prototype as unknown as Record<string, Ask>;
for (const each of ["read", "meet", "keepAlive"]) {
  const once = asked[each];
  if (once === undefined) throw new Error(`a region is not asked to ${each} any more`);
  asked[each] = function (...args) {
    later(() => void once.apply(this, args));
    return once.apply(this, args);
  };
}
