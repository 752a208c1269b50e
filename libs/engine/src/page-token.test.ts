import { expect, test } from "vitest";
import { decodePageToken, encodePageToken } from "./page-token.ts";

test("a token brings back what it was made of", () => {
  const parts = ["s0", "x", "x/0001/default/naïve/…"];
  expect(decodePageToken(encodePageToken(...parts), 3)).toEqual(parts);
});

test("what was not given out is no token", () => {
  const strange = ["", "nonsense", encodePageToken("s0"), encodePageToken("s0", "x", "", "more")];
  for (const token of [...strange, Buffer.from('["s0","x",1]').toString("base64url")]) {
    expect(decodePageToken(token, 3)).toBeUndefined();
  }
});
