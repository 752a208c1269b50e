import { describe, expect, it } from "vitest";
import { found } from "../planted.ts";
import { deadExports } from "./dead-exports.ts";

const offers = [
  "export const used = 1;",
  "export function unused(): void {}",
  "export interface OnlyTested {}",
  "export const usedHere = 2;",
  "export const sum = usedHere + 1;",
].join("\n");

describe("dead exports", () => {
  it("refuses a name that nothing uses, or tests alone", () => {
    const planted = {
      "services/router/src/main.ts": 'import { sum, used } from "./config.ts";\n',
      "services/router/src/config.ts": offers,
      "services/router/src/config.test.ts": 'import type { OnlyTested } from "./config.ts";\n',
    };
    expect(found(deadExports, planted)).toEqual([
      "services/router/src/config.ts:2 unused is exported and nothing uses it",
      "services/router/src/config.ts:3 OnlyTested is exported and only tests use it",
    ]);
  });

  it("counts an import of everything and a re-export as uses", () => {
    const planted = {
      "services/router/src/main.ts": [
        'import * as all from "./config.ts";',
        'export { one as two } from "./compose.ts";',
      ].join("\n"),
      "services/router/src/config.ts": offers,
      "services/router/src/compose.ts": "export const one = 1;\n",
    };
    expect(found(deadExports, planted)).toEqual([]);
  });

  it("does not take being declared, renamed or a label for a use", () => {
    const planted = {
      "services/router/src/main.ts": 'import "./config.ts";\n',
      "services/router/src/config.ts": [
        "const one = 1;",
        "export { one as two };",
        "export const label = 1;",
        "({ label: 2 });",
      ].join("\n"),
    };
    expect(found(deadExports, planted)).toEqual([
      expect.stringContaining("config.ts:2 two is exported"),
      expect.stringContaining("config.ts:3 label is exported"),
    ]);
  });
});
