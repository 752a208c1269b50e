import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PINNED } from "./pinned-versions.ts";

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}

test("the Go module builds the etcd that is pinned", () => {
  for (const program of ["server", "etcdctl", "etcdutl"]) {
    expect(read("../etcd/go.mod")).toContain(
      `go.etcd.io/etcd/${program}/v3 v${PINNED.etcd.version}`,
    );
  }
  expect(PINNED.etcd.image).toContain(`v${PINNED.etcd.version}`);
});

test("the Go module builds the versitygw that is pinned", () => {
  const { version, image } = PINNED.versitygw;
  expect(read("../versitygw/go.mod")).toContain(`github.com/versity/versitygw v${version}`);
  expect(image).toContain(`v${version}`);
});

test("the Go modules build the Helm, helm-unittest and kubeconform that are pinned", () => {
  expect(read("../helm/go.mod")).toContain(`helm.sh/helm/v3 v${PINNED.helm.version}`);
  const unittest = `helm-unittest/helm-unittest v${PINNED.helmUnittest.version}`;
  expect(read("../helm-unittest/go.mod")).toContain(unittest);
  const kubeconform = `github.com/yannh/kubeconform v${PINNED.kubeconform.version}`;
  expect(read("../kubeconform/go.mod")).toContain(kubeconform);
  expect(PINNED.helm.image).toContain(`:${PINNED.helm.version}`);
  expect(PINNED.kubeconform.image).toContain(`v${PINNED.kubeconform.version}`);
});

test("Maven fetches the Kafka that is pinned, and the checksums are of that one", () => {
  const { version, image } = PINNED.kafka;
  expect(read("../kafka/pom.xml")).toContain(`<kafka.version>${version}</kafka.version>`);
  expect(read("../kafka/libs.sha256")).toContain(`  kafka_2.13-${version}.jar\n`);
  expect(image).toContain(`:${version}`);
});

test("the npm lock installs the Postgres that is pinned", () => {
  const manifest = JSON.parse(read("../postgres/package.json"));
  const versions = new Set(Object.values(manifest.optionalDependencies));
  expect([...versions]).toEqual([PINNED.postgres.npmVersion]);
});

test("the constraints of pip have the checkov that is pinned", () => {
  expect(read("../checkov/constraints.txt")).toContain(`\ncheckov==${PINNED.checkov.version}\n`);
});
