import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";
import type { Cluster } from "./cluster.ts";
import { localImages } from "./images.ts";
import { namespaceOf, regions } from "./installation.ts";
import type { MadeCluster } from "./made-cluster.ts";

const namespace = "holdfast-e2e-store";
const name = "s3";
const port = 7_070;
const bucket = "snapshots";
const imageTag = `${localImages}/holdfast-e2e-s3:e2e-1`;
/** The server's own: requests that are signed for another one are refused. */
const bucketRegion = "us-east-1";
const keysSecret = "s3-keys";
const userId = 65_532;
const bucketsFolder = "buckets";

/** Gives the nodes an S3 server; why not, where this machine has none. */
export async function loadObjectStore(
  cluster: MadeCluster,
  folder: string,
): Promise<string | undefined> {
  const tool = await findTool("versitygw", { offline: true });
  if (tool.kind === "missing") return tool.reason;
  const root = join(folder, "s3");
  mkdirSync(join(root, bucketsFolder, bucket), { recursive: true });
  // Owned by root in the image, and written by who is nobody.
  chmodSync(join(root, bucketsFolder, bucket), 0o777);
  chmodSync(join(root, bucketsFolder), 0o777);
  copyFileSync(tool.path, join(root, "versitygw"));
  const image = {
    tag: imageTag,
    root,
    entrypoint: ["/versitygw"],
    env: {},
    workdir: "/",
    user: `${userId}:${userId}`,
  };
  await cluster.addImage(image, join(folder, "s3.tar"));
  return undefined;
}

/** Starts it, empty; the values by which releases keep their snapshots there. */
export async function startObjectStore(cluster: Cluster): Promise<object> {
  const keys = {
    AWS_ACCESS_KEY_ID: randomBytes(10).toString("hex").toUpperCase(),
    AWS_SECRET_ACCESS_KEY: randomBytes(30).toString("base64url"),
  };
  // One that an earlier run left has other keys.
  await cluster.kubectl(["delete", "pod", name, "--namespace", namespace, "--ignore-not-found"]);
  const metadata = { namespace, name, labels: { app: name } };
  await cluster.apply([
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: "v1", kind: "Pod", metadata, spec: podSpec(keys) },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: { app: name }, ports: [{ port, targetPort: port }] },
    },
    ...regions.map((region) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { namespace: namespaceOf(region), name: keysSecret },
      stringData: keys,
    })),
  ]);
  const where = ["--namespace", namespace, "--timeout=60s"];
  await cluster.kubectl(["wait", "--for=condition=Ready", `pod/${name}`, ...where]);
  return {
    etcd: {
      snapshots: {
        enabled: true,
        bucket,
        bucketRegion,
        endpoint: `http://${name}.${namespace}.svc.cluster.local:${port}`,
        credentialsSecret: keysSecret,
      },
    },
    networkPolicy: {
      s3: {
        to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } }],
        ports: [port],
      },
    },
  };
}

function podSpec(keys: { AWS_ACCESS_KEY_ID: string; AWS_SECRET_ACCESS_KEY: string }): object {
  const args = ["--port", `0.0.0.0:${port}`, "--region", bucketRegion, "--health", "/health"];
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsUser: userId, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name,
        image: imageTag,
        imagePullPolicy: "IfNotPresent",
        command: ["/versitygw", ...args, "--quiet", "posix", `/${bucketsFolder}`],
        env: [
          { name: "ROOT_ACCESS_KEY_ID", value: keys.AWS_ACCESS_KEY_ID },
          { name: "ROOT_SECRET_ACCESS_KEY", value: keys.AWS_SECRET_ACCESS_KEY },
        ],
        readinessProbe: { httpGet: { path: "/health", port }, periodSeconds: 1 },
      },
    ],
  };
}
