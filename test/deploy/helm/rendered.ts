import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { repositoryRoot } from "../service-settings.ts";
import { kubernetesVersion, run } from "./tools.ts";

/** The chart's folder. */
export const chart = join(repositoryRoot, "helm/holdfast");

const values = join(repositoryRoot, "helm/values");
const installation = join(values, "example-installation.yaml");

/** Every release that is shown anywhere: a name, and its values files. */
export const releases: readonly { readonly name: string; readonly files: readonly string[] }[] = [
  ...filesIn(join(chart, "ci")).map((file) => ({
    name: `ci/${file}`,
    files: [join(chart, "ci", file)],
  })),
  ...filesIn(values)
    .map((file) => join(values, file))
    .filter((file) => file !== installation)
    .map((file) => ({ name: file.slice(values.length + 1), files: [file, installation] })),
];

function filesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}

/** An object of Kubernetes, as far as tests look into it. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly template?: { readonly spec: PodSpec };
    readonly jobTemplate?: { readonly spec: { readonly template: { readonly spec: PodSpec } } };
  };
}

/** A pod, as far as tests look into it. */
export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: {
    readonly runAsNonRoot?: boolean;
    readonly seccompProfile?: { readonly type: string };
  };
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
}

interface Probe {
  readonly httpGet: { readonly path: string };
}

/** A container, as far as tests look into it. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
  readonly resources?: Readonly<
    Record<"requests" | "limits", Readonly<Record<string, unknown>> | undefined>
  >;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly sleep: { readonly seconds: number } } };
}

const rendered = new Map<string, Promise<string>>();

/** What Helm makes of the chart and these values, as text; throws with what it says if nothing. */
export function render(helm: string, files: readonly string[]): Promise<string> {
  const key = files.join("\n");
  const before = rendered.get(key);
  if (before !== undefined) return before;
  const now = renderOnce(helm, files);
  rendered.set(key, now);
  return now;
}

async function renderOnce(helm: string, files: readonly string[]): Promise<string> {
  const given = files.flatMap((file) => ["--values", file]);
  const version = ["--kube-version", kubernetesVersion, "--namespace", "holdfast"];
  const ended = await run(helm, ["template", "hf", chart, ...version, ...given]);
  if (ended.code !== 0) throw new Error(ended.stderr);
  return ended.stdout;
}

/** The objects in what {@link render} gives. */
export function objectsIn(text: string): KubernetesObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}

/** Every pod that comes of an object: one, or none. */
export function podOf(object: KubernetesObject): PodSpec | undefined {
  if (object.kind === "Pod") return object.spec as unknown as PodSpec;
  return object.spec?.jobTemplate?.spec.template.spec ?? object.spec?.template?.spec;
}
