import { expect, test } from "vitest";
import { executableName, goEnvironment, linkerFlags } from "./go-build.ts";

test("Go names an executable after the last part of its path that is no major version", () => {
  expect(executableName("go.etcd.io/etcd/server/v3")).toBe("server");
  expect(executableName("go.etcd.io/etcd/etcdctl/v3")).toBe("etcdctl");
  expect(executableName("example.com/tool")).toBe("tool");
});

test("a build is for this machine and by our module, whatever the user's environment says", () => {
  const env = goEnvironment({ GOOS: "windows", GOARCH: "arm", GOWORK: "x/go.work", HOME: "h" });
  expect(env).toEqual({
    GOOS: undefined,
    GOARCH: undefined,
    GOWORK: "off",
    CGO_ENABLED: "0",
    HOME: "h",
  });
});

test("a program that is told its version by whoever builds it is told", () => {
  expect(linkerFlags(undefined)).toBe("-s -w");
  expect(linkerFlags({ variable: "Version", value: "v1.8.0" })).toBe(
    "-s -w -X main.Version=v1.8.0",
  );
  const stamp = { package: "a.b/c/v3/version", variable: "version", value: "v3.22.0" };
  expect(linkerFlags(stamp)).toBe("-s -w -X a.b/c/v3/version.version=v3.22.0");
});
