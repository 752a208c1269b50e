import { expect, test } from "vitest";
import { clientFailure } from "./kafkajs-failure.ts";

function error(message: string, fields: object): Error {
  return Object.assign(new Error(message), fields);
}

test("the reason is found below the tries it was wrapped in", () => {
  const cause = error("The request included a message larger than the max message size", {
    type: "MESSAGE_TOO_LARGE",
  });
  expect(clientFailure(error("too many tries", { cause }))).toEqual({
    kind: "failure",
    reason: "too-large",
    message: "The request included a message larger than the max message size",
  });
});

test("a login that is refused is told by the name of its error", () => {
  const refused = error("invalid credentials", { name: "KafkaJSSASLAuthenticationError" });
  expect(clientFailure(refused).reason).toBe("not-authorized");
});

test("anything else leaves open what was done, a circle of causes too", () => {
  expect(clientFailure("odd")).toEqual({ kind: "failure", reason: "other", message: "odd" });
  const circle = error("round", {});
  circle.cause = circle;
  expect(clientFailure(circle)).toEqual({ kind: "failure", reason: "other", message: "round" });
});
