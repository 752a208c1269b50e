import { describe, expect, it } from "vitest";
import { isUpToDate, moduleFolders, readmes } from "./written-files.ts";

const files = readmes();

describe.each(files)("$path", (file) => {
  it("has the inputs and outputs that the code has", () => {
    expect(isUpToDate(file), "run: npm run generate -w infra/terraform").toBe(true);
  });

  it("says what it is before it lists them", () => {
    expect(file.text).toMatch(/^# [a-z-]+\n\n\w/);
  });
});

it("every module and stack has one", () => {
  expect(files.map(({ path }) => path)).toEqual(
    moduleFolders().map((folder) => `${folder}/README.md`),
  );
  expect(files.length).toBeGreaterThanOrEqual(12);
});

it("a table that is not what the code has is found", () => {
  const [file] = files;
  expect(file && isUpToDate({ ...file, text: `${file.text} ` })).toBe(false);
});
