import { recordingFlags, servingFlags } from "@holdfast/runtime/node-flags";
import { expect, test } from "vitest";
import type { Layout, RegionLayout } from "./layout.ts";
import type { ProcessSpec } from "./managed-process.ts";
import { planRecord, recordPortCount, recordPortsFrom } from "./record-layout.ts";
import { type RecordContext, recordProcesses } from "./record-specs.ts";
import { serviceSpec } from "./service-spec.ts";

const region: RegionLayout = {
  region: "us-east-1",
  routerPort: 7420,
  endpoint: "127.0.0.1:7420",
  metrics: { router: 7460, coordinator: 7461, placement: 7462 },
  shards: [{ name: "s0", endpoints: ["127.0.0.1:23790"], members: [] }],
};

function recordedBy(audit: boolean): readonly ProcessSpec[] {
  const ports = recordPortsFrom(7420, recordPortCount(audit, 1));
  const record = planRecord({ audit, tls: false }, ports);
  const layout: Layout = { cluster: "local", store: "etcd", regions: [region], record };
  const s3 = { region: "local", accessKeyId: "id", secretAccessKey: "secret" };
  const context: RecordContext = {
    logsDir: "logs",
    compileCacheDir: "cache",
    layout,
    programs: {
      journal: "journal",
      auditor: "auditor",
      archiver: "archiver",
      recorder: "recorder",
    },
    ...(audit && { stores: { specs: [], s3 } }),
    signal: new AbortController().signal,
  };
  return recordProcesses(context).flatMap(({ services }) => services);
}

test.each([
  [false, ["recorder"]],
  [true, ["journal us-east-1", "auditor", "archiver"]],
])("what keeps the record has a small young generation (audit: %s)", (audit, names) => {
  const services = recordedBy(audit);
  expect(services.map(({ name }) => name)).toEqual(names);
  for (const { args } of services) expect(args.slice(0, -1)).toEqual(recordingFlags);
  expect(recordingFlags).not.toEqual(servingFlags);
});

test("what serves locks has a large one", () => {
  const context = { logsDir: "logs", compileCacheDir: "cache" };
  expect(serviceSpec(context, "router us-east-1", "router", {}).args.slice(0, -1)).toEqual(
    servingFlags,
  );
});
