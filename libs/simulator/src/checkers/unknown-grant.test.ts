import { expect, test } from "vitest";
import { HandmadeHistory } from "./handmade-history.ts";
import { unknownGrant } from "./unknown-grant.ts";

test("a late grant that is found and released in time is in order", () => {
  const history = new HandmadeHistory().heals().asks("a/1", 0).answers("a/1", "held");
  history.at(1_000).grant("a/1").at(50_000).end("a/1").at(200_000);
  expect(history.found(unknownGrant)).toEqual([]);
});

test("a grant the application believes in is no such grant, however long it lasts", () => {
  const history = new HandmadeHistory().heals().asks("a/1", 0).grant("a/1");
  history.answers("a/1", "granted", history.token()).believes("a/1", history.token());
  expect(history.at(500_000).found(unknownGrant)).toEqual([]);
});

test("a late grant that stays is found", () => {
  const history = new HandmadeHistory().heals().asks("a/1", 0).answers("a/1", "held");
  history.at(1_000).grant("a/1").at(70_000);
  expect(history.found(unknownGrant)).toEqual([
    "a/1 is not wanted any more, yet holds ns/lock for another 69000 ms",
  ]);
});

test("a grant that outlives the belief in it is found; without a session its ttl bounds it", () => {
  const history = new HandmadeHistory().heals().asks("a/1", 0).grant("a/1", { hasSession: false });
  const token = history.token();
  history.believes("a/1", token).at(2_000).doubts("a/1", token).at(17_500);
  expect(history.found(unknownGrant)).toHaveLength(1);
});

test("time in which the client was silent does not count", () => {
  const history = new HandmadeHistory().heals().asks("a/1", 0).answers("a/1", "timeout");
  history.grant("a/1").client("a", "paused").at(70_000).client("a", "resumed").at(100_000);
  expect(history.found(unknownGrant)).toEqual([]);
});
