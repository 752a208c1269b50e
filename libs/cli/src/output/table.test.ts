import { expect, test } from "vitest";
import { renderJson, renderJsonLine } from "./json.ts";
import { renderFields, renderTable } from "./table.ts";

const plain = (_colour: string, text: string) => text;
const columns = [
  { title: "NAME", flexible: true },
  { title: "N", align: "right" },
  { title: "NOTE", flexible: true },
] as const;
const rows = [
  ["a-rather-long-name", "7", "a rather long note"],
  ["b", "1234", ""],
];

test("columns line up, and no line ends in blanks", () => {
  expect(renderTable(columns, rows, { paint: plain })).toBe(
    [
      "NAME                   N  NOTE",
      "a-rather-long-name     7  a rather long note",
      "b                   1234",
      "",
    ].join("\n"),
  );
});

test("a narrow terminal cuts the last flexible column first", () => {
  expect(renderTable(columns, rows, { paint: plain, columns: 36 })).toBe(
    [
      "NAME                   N  NOTE",
      "a-rather-long-name     7  a rather …",
      "b                   1234",
      "",
    ].join("\n"),
  );
  expect(renderTable(columns, rows, { paint: plain, columns: 26 })).toBe(
    ["NAME           N  NOTE", "a-rather-…     7  a rathe…", "b           1234", ""].join("\n"),
  );
});

test("a character outside the basic plane counts as one, and is not torn", () => {
  const text = renderTable(
    [{ title: "T", flexible: true }, { title: "U" }],
    [["🔒".repeat(20), "x"]],
    {
      paint: plain,
      columns: 12,
    },
  );
  expect(text.split("\n")[1]).toBe(`${"🔒".repeat(8)}…  x`);
});

test("fields line up and are never cut", () => {
  expect(
    renderFields(
      [
        ["a", "1"],
        ["long", "x".repeat(200)],
        ["b", ""],
      ],
      plain,
    ),
  ).toBe(`a     1\nlong  ${"x".repeat(200)}\nb\n`);
});

test("a bigint is a string in JSON, for no JSON number is wide enough", () => {
  expect(renderJsonLine({ token: 2n ** 63n - 1n })).toBe('{"token":"9223372036854775807"}\n');
  expect(renderJson({ a: [1n] })).toBe('{\n  "a": [\n    "1"\n  ]\n}\n');
});
