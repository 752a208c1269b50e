import type { FindResult } from "@holdfast/toolchain/tool";
import { expect, test } from "vitest";
import { chooseStore } from "./store-choice.ts";

const found: FindResult = {
  kind: "found",
  tool: "etcd",
  path: "bin/etcd",
  version: "3.6.16",
  source: "cache",
  why: "from the cache",
};
const missing: FindResult = { kind: "missing", tool: "etcd", reason: "no usable etcd: no Go" };

test("etcd is taken when it is there", async () => {
  expect(await chooseStore(undefined, async () => found)).toMatchObject({
    kind: "etcd",
    headline: "etcd 3.6.16, from the cache",
  });
});

test("without etcd the locks are in memory, and the first line says so, why, and what to do", async () => {
  const choice = await chooseStore(undefined, async () => missing);
  expect(choice).toMatchObject({ kind: "memory" });
  const headline = choice.kind === "memory" ? choice.headline : "";
  expect(headline).toContain("NOT DURABLE");
  expect(headline).toContain("no usable etcd: no Go");
  expect(headline).toContain("put etcd 3.6.14 or newer, or Go, on PATH, or start Docker");
});

test("who asked for etcd gets etcd or a refusal, never memory", async () => {
  expect(await chooseStore("etcd", async () => missing)).toMatchObject({
    kind: "refused",
    exitCode: 69,
  });
});

test("who asked for memory waits for no search", async () => {
  const choice = await chooseStore("memory", () => Promise.reject(new Error("searched")));
  expect(choice).toMatchObject({
    kind: "memory",
    headline: expect.stringContaining("NOT DURABLE"),
  });
});
