import { expect, it } from "vitest";
import { found } from "../planted.ts";
import { unfinishedNotes } from "./unfinished-notes.ts";

it.each(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"])("refuses %s", (mark) => {
  const planted = { "libs/core/src/a.ts": `\n// ${mark}: later\n`, "docs/a.md": `- ${mark} later` };
  expect(found(unfinishedNotes, planted)).toEqual([
    `libs/core/src/a.ts:2 ${mark} marks unfinished work`,
    `docs/a.md:1 ${mark} marks unfinished work`,
  ]);
});

it("lets words be that only contain such a mark", () => {
  expect(found(unfinishedNotes, { "docs/a.md": "mktemp x.XXXXXX; TODOS; HACKING.md" })).toEqual([]);
});
