import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../cluster.ts";
import { namespaceOf, type Region, regions, releaseName } from "../installation.ts";
import { assertSafe, assertUnnoticed, told, underLoad } from "../load.ts";
import { assertThat, type Check, type Platform, settle } from "../platform.ts";
import type { RunningLoad } from "../running-load.ts";

const drainTimeoutMs = 6 * 60_000;
const cutForMs = 30_000;
/** Of a cut: by then clients have found routers that answer. */
const cutLastMs = 10_000;
/**
 * Each client of 180 holds a stream open, and each watch is one more: 1,620 in all. Of ten thousand
 * at one router there is a drill: here they would all begin anew in one process, which stands still
 * over it on two processors, and so loses locks.
 */
const manyStreams = { idlers: 60, watches: 8 };

/**
 * Region by region, for a node of a real cluster has pods of one: streams go to other routers, the
 * member of etcd waits for its node, and nobody notices.
 */
export const drainedNode: Check = {
  name: "a node is drained while its routers hold many streams",
  run: async (platform) => {
    const work = async () => {
      for (const region of regions) await drain(platform, [region]);
    };
    const figures = await underLoad(platform, work, manyStreams);
    await settle(platform);
    assertUnnoticed(figures);
    return told(figures);
  },
};

/** Two of three regions lose a coordinator and a member at once: it may be noticed. */
export const drainedEverywhere: Check = {
  name: "a node is drained that all three regions share",
  run: async (platform) => {
    const figures = await underLoad(platform, async (load) => {
      await drain(platform, regions);
      await settle(platform);
      await worksAgain(load);
    });
    assertSafe(figures);
    return told(figures);
  },
};

/** Sends the pods of `affected` away from a node, and lets them come back. */
async function drain(platform: Platform, affected: readonly Region[]): Promise<void> {
  const { cluster, installation, nodes, report } = platform;
  const node = nodes[1];
  const pods = `app.kubernetes.io/part-of=e2e,holdfast.dev/region in (${affected.join(",")})`;
  try {
    const gone = await podsOn(platform, node, pods);
    await cluster.kubectl(
      [
        ...["drain", node, "--ignore-daemonsets", "--delete-emptydir-data"],
        ...["--pod-selector", pods, "--timeout=5m"],
      ],
      { timeoutMs: drainTimeoutMs },
    );
    const left = await podsOn(platform, node, pods);
    assertThat(left === 0, `${left} pods are left on ${node}`);
    report(`${gone} pods of ${affected.join(", ")} went from ${node}`);
    for (const region of affected) {
      const name = `deployment/${releaseName}-router`;
      const where = ["--namespace", namespaceOf(region), "--timeout=180s"];
      await cluster.kubectl(["rollout", "status", name, ...where], { timeoutMs: 190_000 });
    }
  } finally {
    await cluster.kubectl(["uncordon", node]);
  }
  await Promise.all(affected.map((region) => installation.rolledOut(region)));
}

/** Not told to end, and the leader: the worst that one member can do. */
export const killedMember: Check = {
  name: "the leading member of a shard is killed",
  run: async (platform) => {
    const { cluster, installation, report } = platform;
    const region = regions[1];
    const figures = await underLoad(platform, async () => {
      await sleep(3_000);
      const leader = await leaderOf(platform);
      const where = ["--namespace", namespaceOf(region)];
      await cluster.kubectl([
        ...["delete", "pod", leader, ...where],
        ...["--grace-period=0", "--force", "--wait=false"],
      ]);
      report(`killed ${leader} of ${region}`);
      await sleep(10_000);
      await installation.rolledOut(region);
    });
    await settle(platform);
    assertUnnoticed(figures);
    return told(figures);
  },
};

/** A zone that reaches neither of the others: its routers decide nothing, the others all. */
export const cutZone: Check = {
  name: "a zone is cut off, and healed",
  run: async (platform) => {
    const { cluster, report } = platform;
    if (!cluster.canCutNetworks) return "skipped: nobody can drop packets between these nodes";
    let cut: Record<string, number> = {};
    const figures = await underLoad(platform, async (load) => {
      await sleep(3_000);
      const drops = await dropRules(platform);
      try {
        for (const rule of drops) await iptables(cluster, "-I", rule);
        await sleep(cutForMs - cutLastMs);
        const before = load.figures?.byRegion ?? {};
        await sleep(cutLastMs);
        cut = differences(before, load.figures?.byRegion ?? {});
      } finally {
        for (const rule of drops) await iptables(cluster, "-D", rule);
      }
      report(`operations in the last 10 s of the cut: ${JSON.stringify(cut)}`);
      await settle(platform);
      await worksAgain(load);
    });
    assertSafe(figures);
    for (const region of regions) {
      assertThat((cut[region] ?? 0) > 0, `no operation in ${region} while the zone was cut off`);
    }
    return told(figures);
  },
};

/** How many of the pods that are meant are on a node. */
async function podsOn({ cluster }: Platform, node: string, selector: string): Promise<number> {
  const pods = await cluster.objects(
    "pods",
    ...["--all-namespaces", "--selector", selector],
    ...["--field-selector", `spec.nodeName=${node}`],
  );
  return pods.length;
}

interface MemberStatus {
  readonly Endpoint: string;
  readonly Status: { readonly header: { readonly member_id: number }; readonly leader: number };
}

/** The name of the pod that leads the shard of the second region. */
async function leaderOf({ cluster }: Platform): Promise<string> {
  const text = await cluster.kubectl([
    ...["exec", "--namespace", namespaceOf(regions[1]), `${releaseName}-etcd-s0-0`],
    ...["--container", "etcd", "--", "/usr/local/bin/etcdctl", "endpoint", "status"],
    "--write-out=json",
  ]);
  const leader = (JSON.parse(text) as MemberStatus[]).find(
    ({ Status }) => Status.header.member_id === Status.leader,
  );
  const name = /\/\/([\w-]+)\./.exec(leader?.Endpoint ?? "")?.[1];
  assertThat(name !== undefined, `no member leads: ${text}`);
  return name;
}

/** Packets between the pods of the cut node and those of the two others, both ways. */
async function dropRules({ cluster, nodes }: Platform): Promise<string[][]> {
  const pods = await cluster.objects("pods", "--all-namespaces");
  const addressesOn = (places: readonly string[]) =>
    pods
      .filter(({ spec }) => places.includes(spec?.nodeName ?? ""))
      .flatMap(({ status }) => status?.podIP ?? [])
      .join(",");
  const [one, two, cut] = nodes;
  const [here, there] = [addressesOn([cut]), addressesOn([one, two])];
  const rule = (from: string, to: string) => ["PREROUTING", "-s", from, "-d", to, "-j", "DROP"];
  return [rule(here, there), rule(there, here)];
}

/** Adds or takes away a rule. Others write rules too, and a moment is waited for them. */
function iptables(cluster: Cluster, how: "-I" | "-D", rule: readonly string[]): Promise<string> {
  return cluster.inside(["iptables", "--wait", "10", "-t", "raw", how, ...rule]);
}

function differences(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after).map(([region, count]) => [region, count - (before[region] ?? 0)]),
  );
}

/** After the cut every region's clients work again. */
async function worksAgain(load: RunningLoad): Promise<void> {
  const before = load.figures?.byRegion ?? {};
  await sleep(5_000);
  const after = differences(before, load.figures?.byRegion ?? {});
  for (const region of regions) {
    assertThat((after[region] ?? 0) > 0, `no operation in ${region} when all was healed`);
  }
}
