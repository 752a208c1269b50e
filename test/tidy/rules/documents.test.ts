import { expect, it } from "vitest";
import { found, manifest } from "../planted.ts";
import { documents } from "./documents.ts";

it("refuses links and commands that lead nowhere", () => {
  const planted = {
    "package.json": manifest("holdfast", [], { scripts: { verify: "x", "format:fix": "x" } }),
    "docs/guide.md": [
      "[there](adr/0001.md), [folder](adr/), [web](https://example.org/x), [self](#part)",
      "[part](adr/0001.md#context) and [up](../package.json)",
      "[gone](adr/0002.md)",
      "`npm run verify`, `npm run -s format:fix`, npm run to see",
      "`npm run polish`",
    ].join("\n"),
    "docs/adr/0001.md": "",
  };
  expect(found(documents, planted)).toEqual([
    "docs/guide.md:3 links to docs/adr/0002.md, which does not exist",
    "docs/guide.md:4 npm run to is no script",
    "docs/guide.md:5 npm run polish is no script",
  ]);
});
