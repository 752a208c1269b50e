import type { Container, PodSpec } from "./rendered.ts";

/** The time a service of ours takes to drain at most, in s. */
const drainS = 5;

/** What is wrong with a pod by the rules that all pods of the chart keep; empty if nothing. */
export function podComplaints(pod: PodSpec): string[] {
  const complaints: string[] = [];
  const must = (holds: boolean, complaint: string): void => {
    if (!holds) complaints.push(complaint);
  };
  must(pod.securityContext?.runAsNonRoot === true, "may run as root");
  must(pod.securityContext?.seccompProfile?.type === "RuntimeDefault", "has no seccomp profile");
  must(pod.automountServiceAccountToken === false, "is given a token of the API");
  must(pod.enableServiceLinks === false, "is given variables for every Service");
  for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
    complaints.push(...containerComplaints(container).map((each) => `${container.name} ${each}`));
  }
  const longest = Math.max(0, ...pod.containers.map((each) => sleepS(each) + drainS));
  const grace = pod.terminationGracePeriodSeconds;
  must(grace === undefined || grace > longest, "is killed before it has drained");
  return complaints;
}

function sleepS(container: Container): number {
  return container.lifecycle?.preStop?.sleep.seconds ?? 0;
}

function containerComplaints({ securityContext, resources }: Container): string[] {
  const complaints: string[] = [];
  if (securityContext?.allowPrivilegeEscalation !== false) complaints.push("may gain rights");
  if (securityContext?.readOnlyRootFilesystem !== true) complaints.push("may write to its root");
  const { drop = [], add = [] } = securityContext?.capabilities ?? {};
  if (!drop.includes("ALL") || add.length > 0) complaints.push("has capabilities");
  for (const kind of ["requests", "limits"] as const) {
    for (const resource of ["cpu", "memory"]) {
      if (resources?.[kind]?.[resource] === undefined)
        complaints.push(`has no ${kind} of ${resource}`);
    }
  }
  return complaints;
}

/** What is wrong with the probes of a container that runs for good; empty if nothing. */
export function probeComplaints(container: Container): string[] {
  const { startupProbe, readinessProbe, livenessProbe } = container;
  if (startupProbe === undefined || readinessProbe === undefined || livenessProbe === undefined) {
    return [`${container.name} lacks a probe`];
  }
  const path = livenessProbe.httpGet.path;
  // Both are answered by the process alone, whatever becomes of stores, members and regions.
  const alone = ["/live", "/livez"];
  const complaints: string[] = [];
  if (!alone.includes(path)) complaints.push(`${container.name} is ended by ${path}`);
  if (!alone.includes(startupProbe.httpGet.path)) {
    complaints.push(`${container.name} is ended at its start by ${startupProbe.httpGet.path}`);
  }
  if (readinessProbe.httpGet.path === path)
    complaints.push(`${container.name} is ready as it lives`);
  if (sleepS(container) === 0)
    complaints.push(`${container.name} ends while it is still sent work`);
  return complaints;
}
