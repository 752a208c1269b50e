import { parseArgs } from "node:util";

/** The cluster that the suite runs on. */
export type WhichCluster =
  /** One that is there, which KUBECONFIG names; images are where it fetches them from. */
  | { readonly kind: "given"; readonly images: string }
  /** One that this command brings up, fills with images and takes down. */
  | { readonly kind: "made"; readonly command: string };

/** What the command line and the environment ask for. */
export type ParsedOptions =
  | {
      readonly kind: "run";
      readonly cluster: WhichCluster;
      /** Parts of the names of checks; all if empty. */
      readonly only: readonly string[];
      /** What was installed, and the cluster, are left there. */
      readonly keep: boolean;
      /** What a run left there that kept it is taken as it is. */
      readonly again: boolean;
    }
  | { readonly kind: "help" }
  | { readonly kind: "list" }
  | { readonly kind: "usage"; readonly message: string };

export const exitUsage = 64;

export const usage = `npm run e2e:kubernetes -- [options]     the chart and its images on a real Kubernetes

  KUBECONFIG             a cluster that is there, with nodes in three zones; or
  HOLDFAST_TEST_CLUSTER  a command that brings one up: see test/kubernetes/README.md
  HOLDFAST_TEST_IMAGES   with KUBECONFIG: registry and path before the names of the images

  --only TEXT   checks whose names have this in them, and the installation; may be repeated
  --keep        leave the installation and the cluster there, to be looked at
  --again       on what a run with --keep has left: cluster, images and installation
  --list        the names of the checks
  --help        this`;

/** Reads the arguments after `npm run e2e:kubernetes --`, and the environment. */
export function parseOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedOptions {
  let values: ReturnType<typeof parse>["values"];
  try {
    ({ values } = parse(args));
  } catch (error) {
    return { kind: "usage", message: error instanceof Error ? error.message : String(error) };
  }
  if (values.help === true) return { kind: "help" };
  if (values.list === true) return { kind: "list" };
  const cluster = clusterOf(env);
  if (typeof cluster === "string") return { kind: "usage", message: cluster };
  const { only = [], keep = false, again = false } = values;
  return { kind: "run", cluster, only, keep, again };
}

function clusterOf(env: Readonly<Record<string, string | undefined>>): WhichCluster | string {
  const { KUBECONFIG, HOLDFAST_TEST_CLUSTER, HOLDFAST_TEST_IMAGES } = env;
  if (KUBECONFIG !== undefined && KUBECONFIG !== "") {
    if (HOLDFAST_TEST_IMAGES === undefined || HOLDFAST_TEST_IMAGES === "") {
      return (
        "KUBECONFIG names a cluster, and nothing says where it fetches images from: push them, " +
        "and set HOLDFAST_TEST_IMAGES (test/kubernetes/README.md)."
      );
    }
    return { kind: "given", images: HOLDFAST_TEST_IMAGES };
  }
  if (HOLDFAST_TEST_CLUSTER !== undefined && HOLDFAST_TEST_CLUSTER !== "") {
    return { kind: "made", command: HOLDFAST_TEST_CLUSTER };
  }
  return (
    "There is no cluster: set KUBECONFIG to one with nodes in three zones, or " +
    "HOLDFAST_TEST_CLUSTER to a command that brings one up (test/kubernetes/README.md)."
  );
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true },
      keep: { type: "boolean" },
      again: { type: "boolean" },
      list: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
}
