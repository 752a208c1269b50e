import { expect, test } from "vitest";
import { Cancellation } from "./cancellation.ts";

/** Listeners a, b, c, of which each writes down that it was called. */
function listeners() {
  const called: string[] = [];
  const [a, b, c] = ["a", "b", "c"].map((name) => () => void called.push(name));
  return { called, a: a!, b: b!, c: c! };
}

test("everybody who listens is told once, in the order they came", () => {
  const { called, a, b, c } = listeners();
  const cancellation = new Cancellation();
  for (const each of [a, b, c, a]) cancellation.onCancel(each);
  expect(cancellation.cancelled).toBe(false);
  cancellation.cancel();
  cancellation.cancel();
  expect(called).toEqual(["a", "b", "c"]);
  expect(cancellation.cancelled).toBe(true);
});

test("whoever is forgotten is not told, be it the only one or one of several", () => {
  const { called, a, b, c } = listeners();
  const alone = new Cancellation();
  alone.onCancel(a)();
  alone.cancel();
  const several = new Cancellation();
  several.onCancel(a);
  const forget = several.onCancel(b);
  several.onCancel(c);
  forget();
  forget();
  several.cancel();
  expect(called).toEqual(["a", "c"]);
});

test("one that is forgotten late takes nobody else's place", () => {
  const { called, a, b } = listeners();
  const cancellation = new Cancellation();
  const forget = cancellation.onCancel(a);
  forget();
  cancellation.onCancel(b);
  forget();
  cancellation.cancel();
  expect(called).toEqual(["b"]);
});

test("whoever comes when it is cancelled is told at once", () => {
  const { called, a } = listeners();
  const cancellation = new Cancellation();
  cancellation.cancel();
  cancellation.onCancel(a)();
  expect(called).toEqual(["a"]);
});
