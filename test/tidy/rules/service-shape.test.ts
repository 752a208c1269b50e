import { expect, it } from "vitest";
import { found, manifest } from "../planted.ts";
import { serviceShape } from "./service-shape.ts";

it("refuses a service that lacks a part or holds more than wiring", () => {
  const planted = {
    "services/router/package.json": manifest("@holdfast/service-router"),
    "services/router/src/main.ts": "",
    "services/router/src/config.ts": "",
    "services/router/src/config.test.ts": "",
    "services/router/src/queue.ts": "",
    "services/router/README.md": "",
  };
  expect(found(serviceShape, planted)).toEqual([
    "services/router/src/compose.ts:0 is missing",
    "services/router/src/queue.ts:0 a service only wires: this is a file too many",
  ]);
});
