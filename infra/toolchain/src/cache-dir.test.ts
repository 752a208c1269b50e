import { expect, test } from "vitest";
import { cacheDir } from "./cache-dir.ts";

test("HOLDFAST_CACHE comes first, then the XDG folder, then the home", () => {
  expect(cacheDir({ HOLDFAST_CACHE: "/a", XDG_CACHE_HOME: "/b" }, "/h")).toBe("/a");
  expect(cacheDir({ XDG_CACHE_HOME: "/b" }, "/h")).toBe("/b/holdfast");
  expect(cacheDir({}, "/h")).toBe("/h/.cache/holdfast");
});

test("a relative folder is passed over: it would be another one in every working directory", () => {
  expect(cacheDir({ HOLDFAST_CACHE: "cache", XDG_CACHE_HOME: "" }, "/h")).toBe(
    "/h/.cache/holdfast",
  );
});
