import type { Cluster } from "./cluster.ts";
import { type Installation, type Region, regions } from "./installation.ts";
import type { TestPod } from "./test-pod.ts";

/** What the checks have to do with: three regions, and a pod from which they are used. */
export interface Platform {
  readonly cluster: Cluster;
  readonly installation: Installation;
  readonly client: TestPod;
  /** The command line's image. */
  readonly clientImage: string;
  /** One node of each of three zones; the client is on the first. */
  readonly nodes: readonly [client: string, drained: string, cut: string];
  /** The folder of the repository. */
  readonly repository: string;
  /**
   * Pastes commands of docs/operations.md as a reader does who has set a region; what they said.
   */
  readonly paste: (text: string, region: Region, blocks: readonly string[]) => Promise<string>;
  /** Snapshots of shards go somewhere. */
  readonly hasObjectStore: boolean;
  /** The images that run. */
  tag: string;
  /** Says how far a check is. */
  readonly report: (line: string) => void;
}

/** One thing that has to be so on a real cluster; it leaves the platform whole. */
export interface Check {
  readonly name: string;
  /** Does it; throws where it is not so. Returns figures, for people. */
  readonly run: (platform: Platform) => Promise<string>;
}

interface RegionList {
  readonly global?: { readonly voting: number };
}

const votingTimeoutMs = 3 * 60_000;

/** Waits until every pod serves and, seen from every region, `votes` regions vote. */
export async function settle(
  { cluster, client, installation }: Platform,
  votes = 3,
  among: readonly Region[] = regions,
): Promise<void> {
  await Promise.all(among.map((region) => installation.rolledOut(region)));
  for (const region of among) {
    await cluster.until(`${votes} votes seen from ${region}`, votingTimeoutMs, async () => {
      const { global } = await client.answer<RegionList>(0, region, "region", "ls");
      return global?.voting === votes ? { done: true } : `${global?.voting} vote`;
    });
  }
}

/** A lock as the command line tells of it. */
export interface Grant {
  readonly token: string;
  readonly handle: string;
}

/** Takes a lock through a region and gives it back at once; its token. */
export async function tokenOf(
  { client }: Platform,
  region: Region,
  ...words: readonly string[]
): Promise<bigint> {
  const grant = await client.answer<Grant>(0, region, "acquire", ...words);
  await client.answer(0, region, "release", grant.handle);
  return BigInt(grant.token);
}

/** Throws unless `after` is the larger one. */
export function assertLarger(what: string, before: bigint, after: bigint): void {
  if (after > before) return;
  throw new Error(`${what}: the token ${after} came after ${before}, and is not larger`);
}

/** Throws unless it is so. */
export function assertThat(isSo: boolean, wrong: string): asserts isSo {
  if (!isSo) throw new Error(wrong);
}
