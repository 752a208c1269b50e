import type { Mutant } from "../../simulation/mutants.ts";

const txn = "libs/core/src/delegation/local-txn.ts";
const state = "libs/core/src/delegation/delegation-state.ts";
const coordinator = "test/model/delegation/region-coordinator.ts";
const doing = "test/model/delegation/region-doing.ts";
const hearing = "test/model/delegation/region-hearing.ts";
const coordination = "test/model/delegation/region-coordination.ts";

/**
 * The ways to get a delegation wrong that the model can show. Those that the simulation has too are
 * called as they are there; what a shard compares is sabotaged in its transactions here.
 */
export const regionMutants: readonly Mutant[] = [
  {
    name: "state-not-compared",
    phrase: "no compare of the delegation key",
    edits: [
      {
        file: txn,
        find: "  return valueIs(keys.state, encodeState(state));",
        replace: `  return { ...valueIs(keys.state, encodeCounter(state.counter)), op: ">" } as Compare;`,
      },
    ],
  },
  {
    name: "counter-used-twice",
    phrase: "a counter used twice",
    edits: [
      {
        file: "libs/core/src/quorum/register.ts",
        find: "const holder = { ...request, token: this.#token };",
        replace: `const holder = { ...request, token: this.#token };
    if (request.delegation) this.#token -= 1n << 20n;`,
      },
    ],
  },
  {
    name: "ended-before-the-close",
    phrase: "end proposed before the local close",
    edits: [
      {
        file: doing,
        find: "if (state !== undefined) return !state.isOpen;",
        replace: "if (state !== undefined) return true;",
      },
    ],
  },
  {
    name: "ended-while-held",
    phrase: "ended while a holder lives",
    edits: [
      {
        file: txn,
        find: `[isAt(keys, from), nobodyHolds(keys)],
        [putState(keys, closedState(from))],`,
        replace: "[isAt(keys, from)], [putState(keys, closedState(from))],",
      },
      {
        file: doing,
        find: "if (holder !== undefined) return [];",
        replace: 'if (holder !== undefined) return [send(self, { kind: "close", from })];',
      },
    ],
  },
  {
    name: "sequence-in-memory",
    phrase: "sequence in memory",
    edits: [
      {
        file: state,
        find: "view.setUint32(counterBytes, sequence);",
        replace: "view.setUint32(counterBytes, 0 * sequence);",
      },
    ],
  },
  {
    name: "renewal-not-compared",
    phrase: "renewal without the counter compare",
    edits: [
      {
        file: txn,
        find: "return moved(site, [isAt(keys, from)], [putState(keys, renewed)]);",
        replace: "return moved(site, [], [putState(keys, renewed)]);",
      },
    ],
  },
  {
    name: "found-and-opened",
    phrase: "a found delegation opened by another proposer [H9]",
    edits: [
      {
        file: coordination,
        find: "const { state: found } = this.#parts.shard.see(state[1]!);",
        replace: `const [delegate] = this.#parts.register.at(state[0]!).holders;
    const found = delegate?.delegation
      ? { id: delegate.grantId, counter: delegate.token >> 20n, sequence: 0, isOpen: true }
      : undefined;`,
      },
      {
        file: doing,
        find: "tenure, state: found, isInDoubt: true }",
        replace: "tenure }",
      },
    ],
  },
  {
    name: "grant-after-d",
    phrase: "grant after D",
    edits: [
      {
        file: coordinator,
        find: `  if (!tenure?.isConfirmed) return [];
  const { grantId: client, token } = holder;
  const isBounded = true;`,
        replace: `  if (tenure === undefined) return [];
  const { grantId: client, token } = holder;
  const isBounded = tenure.isConfirmed;`,
      },
      {
        file: doing,
        find: "return tenure?.isConfirmed === true;",
        replace: "return tenure !== undefined;",
      },
    ],
  },
  {
    name: "valid-for-without-d",
    phrase: "`valid_for` without D",
    edits: [
      {
        file: coordinator,
        find: "const isBounded = true;",
        replace: "const isBounded = false;",
      },
    ],
  },
  {
    name: "opened-again",
    phrase: "opening compares no counter: a late copy opens what was closed",
    edits: [
      {
        file: txn,
        find: "value: encodeCounter(state.counter),",
        replace: "value: encodeCounter(state.counter + 1n),",
      },
    ],
  },
  {
    name: "opened-while-ending",
    phrase: "opened while its end is under way: somebody came just then",
    edits: [{ file: doing, find: "  if (tenure?.isEnding) return look;\n", replace: "" }],
  },
  {
    name: "granted-twice",
    phrase: "a grant does not bury its request: a copy at another coordinator gets it again",
    edits: [
      {
        file: txn,
        find: `    { kind: "put", key: buriedKey(keys, grantId, lease), value: emptyBytes, lease },
    { kind: "delete"`,
        replace: '    { kind: "delete"',
      },
    ],
  },
  {
    name: "place-not-compared",
    phrase: "a hand-over to a place that is gone",
    edits: [
      {
        file: txn,
        find: "return writtenAt(places.prefix + request.grantId, written);",
        replace: `return absent(\`\${places.prefix}\${request.grantId}/\${written}\`);`,
      },
    ],
  },
  {
    name: "cancelled-without-tombstone",
    phrase: "a cancel leaves no tombstone: a copy at another coordinator is granted [H9]",
    edits: [
      {
        file: txn,
        find: 'success: [{ kind: "put", key, value: emptyBytes, lease }],',
        replace: "success: [],",
      },
    ],
  },
  {
    name: "late-release-counts",
    phrase: "what a late answer says of a delegation that was left is taken for the present one's",
    edits: [
      {
        file: hearing,
        find: "      if (isOrphan) return releasedLate(calm, step, reply);\n",
        replace: "",
      },
    ],
  },
  {
    name: "opened-in-a-new-shard",
    phrase: "an unanswered open is sent again after the shard has lost its data",
    edits: [
      {
        file: doing,
        find: "(!tenure.isUntouched && !isOfNow)",
        replace: "(!tenure.isUntouched && isOfNow === undefined)",
      },
    ],
  },
];
