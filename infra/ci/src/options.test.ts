import { describe, expect, it } from "vitest";
import { optionsFrom } from "./options.ts";
import { suites } from "./suite.ts";

function chosen(...args: string[]): string[] | string {
  const options = optionsFrom(args);
  return options.kind === "run" ? options.suites.map(({ name }) => name) : options.kind;
}

describe("the options of npm test", () => {
  it("choose all suites by default", () => {
    expect(chosen()).toEqual(suites.map(({ name }) => name));
  });

  it("choose single suites in the order they run", () => {
    expect(chosen("--only", "unit,lint", "--only", "tidy")).toEqual(["lint", "tidy", "unit"]);
  });

  it("know the groups", () => {
    const verify = ["format", "lint", "types", "proto", "tidy", "unit"];
    expect(chosen("--fast")).toEqual(verify);
    expect(chosen("--only", "verify,simulation")).toEqual([...verify, "simulation"]);
  });

  it("refuse what they do not know", () => {
    expect(chosen("--only", "nothing")).toBe("wrong");
    expect(chosen("--slow")).toBe("wrong");
    expect(chosen("unit")).toBe("wrong");
  });
});
