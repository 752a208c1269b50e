import { expect, test } from "vitest";
import { type EtcdMemberAddress, etcdArguments } from "./etcd-command.ts";

const members: EtcdMemberAddress[] = [0, 1, 2].map((i) => ({
  name: `m${i}`,
  clientPort: 23790 + i,
  peerPort: 24290 + i,
  dataDir: `data/m${i}`,
}));

function flags(settings: Parameters<typeof etcdArguments>[2]): string[] {
  return etcdArguments(members[1] as EtcdMemberAddress, members, settings);
}

test("a member knows itself and all others, and listens on loopback only", () => {
  const args = flags({ clusterToken: "t" });
  expect(args).toContain("--listen-client-urls=http://127.0.0.1:23791");
  expect(args).toContain("--listen-peer-urls=http://127.0.0.1:24291");
  expect(args).toContain(
    "--initial-cluster=m0=http://127.0.0.1:24290,m1=http://127.0.0.1:24291,m2=http://127.0.0.1:24292",
  );
  expect(args).toContain("--initial-cluster-token=t");
});

test("every write reaches the disk unless a caller gives that up in so many words", () => {
  expect(flags({ clusterToken: "t" })).not.toContain("--unsafe-no-fsync");
  expect(flags({ clusterToken: "t", noFsync: true })).toContain("--unsafe-no-fsync");
});

test("the quota is in bytes, 2 GiB if not given, and further flags come last", () => {
  expect(flags({ clusterToken: "t" })).toContain("--quota-backend-bytes=2147483648");
  const args = flags({ clusterToken: "t", quotaBytes: 1_000, extraFlags: ["--max-txn-ops=1024"] });
  expect(args).toContain("--quota-backend-bytes=1000");
  expect(args.at(-1)).toBe("--max-txn-ops=1024");
});

test("with certificates, clients and members have to show one to each other", () => {
  const tls = { cert: "e.pem", key: "e.key", ca: "ca.pem" };
  const args = flags({ clusterToken: "t", tls });
  expect(args).toContain("--listen-client-urls=https://127.0.0.1:23791");
  expect(args).toContain("--initial-advertise-peer-urls=https://127.0.0.1:24291");
  expect(args).toEqual(expect.arrayContaining(["--client-cert-auth", "--peer-client-cert-auth"]));
  expect(args.filter((flag) => flag.endsWith("trusted-ca-file=ca.pem"))).toHaveLength(2);
  expect(flags({ clusterToken: "t" }).join()).not.toMatch(/cert|https/);
});

test("no flag is one that the next etcd has dropped", () => {
  expect(flags({ clusterToken: "t" }).filter((flag) => flag.includes("experimental"))).toEqual([]);
});
