import { expect, it } from "vitest";
import { found } from "../planted.ts";
import { machinePaths } from "./machine-paths.ts";

/** Joined here, so that this file does not report itself. */
const at = (...parts: string[]): string => ["", ...parts].join("/");

it.each([
  at("home", "ada", "holdfast"),
  at("root", ".cache"),
  at("Users", "ada"),
  at("work", "main"),
  at("workspace", "holdfast"),
  ["C:", "Users", "ada"].join("\\"),
  ["C:", "Users", "ada"].join("\\\\"),
])("refuses %s in any text file", (path) => {
  const planted = { "docs/a.md": `first\nrun ${path}/x\n`, "b.json": `{"x": "${path}"}` };
  expect(found(machinePaths, planted)).toEqual([
    expect.stringContaining("docs/a.md:2"),
    expect.stringContaining("b.json:1"),
  ]);
});

it.each([
  "https://example.org/home/page",
  "./work/main.ts and ../root/x",
  "/var/lib/holdfast",
  "/healthz",
  "team/work/item",
  "$HOME/.cache",
])("lets %s be", (text) => {
  expect(found(machinePaths, { "docs/a.md": text })).toEqual([]);
});
