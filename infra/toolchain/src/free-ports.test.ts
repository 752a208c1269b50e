import { expect, test } from "vitest";
import { freePorts } from "./free-ports.ts";

test("no port is given out twice, though nobody listens on it yet", async () => {
  const ports: number[] = [];
  for (let calls = 0; calls < 400; calls++) ports.push(...(await freePorts(2)));
  expect(new Set(ports).size).toBe(ports.length);
});

test("a port that somebody needs later is not given out", async () => {
  const except = Array.from({ length: 3_500 }, (_, place) => 25_000 + 2 * place);
  const ports = await freePorts(200, except);
  expect(ports.filter((port) => except.includes(port))).toEqual([]);
});
