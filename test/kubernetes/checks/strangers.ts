import { namespaceOf, regions } from "../installation.ts";
import { assertThat, type Check, type Platform } from "../platform.ts";
import { TestPod } from "../test-pod.ts";

const region = regions[0];

/** The ports of a region, by component. */
const doors = { router: 7_420, coordinator: 7_430, etcd: 2_379, metrics: 9_464 } as const;

/** Policies that are kept: who is no client comes to no port, and a client to the routers alone. */
export const strangers: Check = {
  name: "a stranger's pod is refused by NetworkPolicy",
  run: async (platform) => {
    const addresses = await addressesIn(platform);
    const elsewhere = stranger(platform, "holdfast-e2e-stranger", {});
    // Beside the release: its etcd is not open to the namespace.
    const beside = stranger(platform, namespaceOf(region), { "holdfast.dev/installation": "e2e" });
    try {
      await elsewhere.start();
      await beside.start();
      for (const [door, address] of Object.entries(addresses)) {
        await expectClosed(elsewhere, door, address);
        const isPeerDoor = door === "router" || door === "coordinator";
        // Whoever is in a region's namespace is a peer, as the values of the suite have it.
        if (!isPeerDoor) await expectClosed(beside, door, address);
        if (door !== "router") await expectClosed(platform.client, door, address);
      }
      const reached = await platform.client.reaches(addresses.router);
      assertThat(reached === "reached", `a client does not reach the routers: ${reached}`);
    } finally {
      await elsewhere.stop();
      await removePod(platform);
    }
    return "no stranger came to any port, a client to the routers alone";
  },
};

async function expectClosed(pod: TestPod, door: string, address: string): Promise<void> {
  const reached = await pod.reaches(address);
  assertThat(reached !== "reached", `${pod.namespace} reaches ${door} at ${address}`);
}

function stranger(
  { cluster, clientImage, nodes }: Platform,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): TestPod {
  const [name, nodeName, image] = ["stranger", nodes[1], clientImage] as const;
  // It knocks on doors, and its node may have little left.
  return new TestPod(cluster, { namespace, name, labels, image, nodeName, cpu: "10m" });
}

async function removePod({ cluster }: Platform): Promise<void> {
  const where = ["--namespace", namespaceOf(region)];
  await cluster.kubectl(["delete", "pod,configmap", "stranger", ...where, "--ignore-not-found"]);
}

/** Pods themselves, and not services, so that nothing but the policies can be in the way. */
async function addressesIn({ cluster }: Platform): Promise<Record<keyof typeof doors, string>> {
  const where = [
    "--namespace",
    namespaceOf(region),
    "--output",
    "jsonpath={.items[0].status.podIP}",
  ];
  const address = async (component: string, port: number) => {
    const selector = `app.kubernetes.io/component=${component}`;
    return `${await cluster.kubectl(["get", "pods", "--selector", selector, ...where])}:${port}`;
  };
  return {
    router: await address("router", doors.router),
    coordinator: await address("coordinator", doors.coordinator),
    etcd: await address("etcd", doors.etcd),
    metrics: await address("router", doors.metrics),
  };
}
