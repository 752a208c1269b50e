import type { ChainHead } from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { within } from "../../connection/within.ts";
import type { Invocation } from "../../invocation.ts";

/** How far the journals say that they wrote the chains to the log. */
export interface WrittenHeads {
  readonly heads: readonly ChainHead[];
  /** Who was not asked, and why. */
  readonly unasked: readonly { readonly region: string; readonly why: string }[];
}

/** For each region, in milliseconds: who verifies does not wait for locks. */
const answerMaxMs = 5_000;
/** Bound of the request. */
const headsMax = 1_024;

/** Asks a router of each region, which reads it in the shards. Never rejects. */
export async function askWritten(invocation: Invocation): Promise<WrittenHeads> {
  const { clock } = invocation.edge;
  const limited = <Value>(answer: Promise<Value>): Promise<Value> =>
    within(clock, answerMaxMs, answer, `no answer within ${answerMaxMs / 1_000} s`);
  const regions = await limited(
    invocation.connect().then(async (client) => (await client.regions()).map(({ name }) => name)),
  ).catch(whyNot);
  if ("why" in regions) return { heads: [], unasked: [{ region: "", why: regions.why }] };
  const answers = await Promise.all(
    regions.map(async (region) => {
      const asked = invocation.connect({ region }).then((client) => client.shards());
      const shards = await limited(asked).catch(whyNot);
      return "why" in shards
        ? { heads: [], unasked: [{ region, ...shards }] }
        : {
            heads: shards.flatMap(({ written }) => written ?? []),
            unasked: shards.flatMap(({ name, reachable, problem, writtenProblem }) => {
              const why = reachable ? writtenProblem : problem;
              return why === "" ? [] : [{ region: `${region}/${name}`, why }];
            }),
          };
    }),
  );
  const heads = answers.flatMap((answer) => answer.heads);
  const unasked = answers.flatMap((answer) => answer.unasked);
  if (heads.length <= headsMax) return { heads, unasked };
  const why = `${heads.length - headsMax} chains more than one request may name`;
  return { heads: heads.slice(0, headsMax), unasked: [...unasked, { region: "", why }] };
}

function whyNot(error: unknown): { readonly why: string } {
  return { why: error instanceof Error ? error.message : String(error) };
}

/** For people. */
export async function noteUnasked(
  invocation: Invocation,
  unasked: WrittenHeads["unasked"],
): Promise<void> {
  for (const { region, why } of unasked) {
    const of = region === "" ? "" : ` of ${region}`;
    await invocation.note(
      `How far the journal${of} wrote was not asked (${why.replace(/\.$/, "")}): an end that was ` +
        "cut off with its counts would not show.\n",
    );
  }
}
