import { quorumOf, quorumStory } from "../commands/quorum.ts";
import type { Probe } from "../connection/probe.ts";
import { within } from "../connection/within.ts";
import type { Edge } from "../edge.ts";
import { checkLock } from "./check-lock.ts";
import { type Finding, fail, ok, skip, warn } from "./finding.ts";

const about = "global tier";
const regionsTimeoutMs = 8_000;

/** Do two of three regions decide about global locks, and does one come and go? */
export async function checkGlobal(edge: Edge, probes: readonly Probe[]): Promise<Finding[]> {
  const first = probes.find((probe) => probe.reachable);
  if (first === undefined) return [];
  try {
    const client = await edge.connect({ endpoints: [first.endpoint], namespace: "default" });
    try {
      const late = `no answer within ${regionsTimeoutMs / 1_000}s`;
      const quorum = quorumOf(await within(edge.clock, regionsTimeoutMs, client.regions(), late));
      if (quorum === undefined) {
        return [skip(about, "not offered here: the routers have no coordinators")];
      }
      const story = quorumStory(quorum);
      if (!quorum.works) return [fail(about, story, "Bring another region up, or readmit one.")];
      const lock = await checkLock(edge, client, "global");
      if (quorum.voting === quorum.regions) return [ok(about, story), lock];
      const advice = `${quorum.problems.join("; ")}. One region more, and there are none.`;
      return [warn(about, story, advice), lock];
    } finally {
      await client.close();
    }
  } catch (error) {
    return [fail(about, (error as Error).message, "Look at the router's log.")];
  }
}
