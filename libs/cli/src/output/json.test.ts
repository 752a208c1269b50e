import { expect, test } from "vitest";
import { renderJson, renderJsonLine } from "./json.ts";

test("tokens are strings, for they do not fit a number of JSON", () => {
  expect(renderJsonLine({ token: 2n ** 60n })).toBe('{"token":"1152921504606846976"}\n');
});

test("times have no more digits than mean something, and a validity is never rounded up", () => {
  const times = { validForMs: 29_398.9999, roundTripMs: 0.0290789999, ageMs: 12 };
  expect(JSON.parse(renderJson(times))).toEqual({
    validForMs: 29_398,
    roundTripMs: 0.029,
    ageMs: 12,
  });
});
