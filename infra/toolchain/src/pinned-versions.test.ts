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

test("the npm lock installs the Postgres that is pinned", () => {
  const manifest = JSON.parse(read("../postgres/package.json"));
  const versions = new Set(Object.values(manifest.optionalDependencies));
  expect([...versions]).toEqual([PINNED.postgres.npmVersion]);
});
