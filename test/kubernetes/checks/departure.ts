import { doorOf, namespaceOf, type Region, regions, releaseName } from "../installation.ts";
import { assertUnnoticed, told, underLoad } from "../load.ts";
import {
  assertLarger,
  assertThat,
  type Check,
  type Platform,
  settle,
  tokenOf,
} from "../platform.ts";

const leaver: Region = "eu-west-1";
const others = regions.filter((region) => region !== leaver);
/** What Kubernetes itself puts into a namespace, and what it and we put in before a release. */
const notOurs = /^(configmap\/kube-root-ca\.crt|serviceaccount\/default|secret\/(.*-tls|s3-keys))$/;
const volumes = /^persistentvolumeclaim\/data-/;
const emptyTimeoutMs = 2 * 60_000;

/** A region is taken out of service and brought back; its volumes are all that it needs. */
export const leaveAndReturn: Check = {
  name: "a region is uninstalled and comes back from its volumes",
  run: async (platform) => {
    const { installation, tag, report } = platform;
    const local = await tokenOf(platform, leaver, "ledger");
    const global = await tokenOf(platform, others[0] as Region, "ledger", "--global");
    const figures = await underLoad(
      platform,
      async () => {
        await installation.uninstall(leaver);
        await onlyVolumesLeft(platform, leaver);
        await settle(platform, 2, others);
        const meanwhile = await tokenOf(platform, others[1] as Region, "ledger", "--global");
        assertLarger("ledger, with a region away", global, meanwhile);
        report("2 of 3 regions vote, and decide");
        await installation.release(leaver, tag);
        await settle(platform);
      },
      { regions: others.map(doorOf) },
    );
    assertLarger(`ledger in ${leaver}`, local, await tokenOf(platform, leaver, "ledger"));
    assertLarger("ledger", global, await tokenOf(platform, leaver, "ledger", "--global"));
    assertUnnoticed(figures);
    return `the two others: ${told(figures)}`;
  },
};

/** The end: nothing stays but the volumes, with locks and votes in them. */
export const uninstall: Check = {
  name: "uninstall leaves nothing but volumes",
  run: async (platform) => {
    for (const region of regions) await platform.installation.uninstall(region);
    let left = 0;
    for (const region of regions) left += await onlyVolumesLeft(platform, region);
    return `${left} volumes in three namespaces, and nothing else`;
  },
};

/** Waits until nothing else of a region is there; how many volumes there are. */
function onlyVolumesLeft(platform: Platform, region: Region): Promise<number> {
  const what = `nothing but volumes in ${namespaceOf(region)}`;
  return platform.cluster.until(what, emptyTimeoutMs, async () => {
    const there = (await objectsIn(platform, region)).filter((name) => !notOurs.test(name));
    const others = there.filter((name) => !volumes.test(name));
    if (others.length > 0) return `there are ${others.join(", ")}`;
    const expected = 3;
    assertThat(there.length === expected, `${there.length} volumes of ${releaseName} are left`);
    return { done: there.length };
  });
}

/** Every object of every kind that a namespace can have, but events. */
async function objectsIn({ cluster }: Platform, region: Region): Promise<string[]> {
  const kinds = await cluster.kubectl([
    ...["api-resources", "--verbs=list", "--namespaced", "--output", "name"],
  ]);
  const asked = kinds
    .trim()
    .split("\n")
    .filter((kind) => !/^events(\.|$)|metrics\.k8s\.io$/.test(kind));
  const where = ["--namespace", namespaceOf(region), "--output", "name", "--ignore-not-found"];
  const text = await cluster.kubectl(["get", asked.join(","), ...where]);
  return text.split("\n").filter((line) => line !== "");
}
