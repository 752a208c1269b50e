import { expect, test } from "vitest";
import { openDoor } from "./open-door.ts";
import { ConfigError } from "./service.ts";

test("a door that opens is given as it is", async () => {
  const door = { kind: "serving", address: "127.0.0.1:7420" } as const;
  expect(await openDoor("HOLDFAST_LISTEN", "127.0.0.1:0", Promise.resolve(door))).toBe(door);
});

test("an address that is taken is the fault of its setting", async () => {
  const refused = Promise.resolve({ kind: "refused", message: "it is taken" } as const);
  const opening = openDoor("HOLDFAST_LISTEN", "127.0.0.1:7420", refused);
  await expect(opening).rejects.toThrow(
    new ConfigError("HOLDFAST_LISTEN 127.0.0.1:7420 cannot be used: it is taken"),
  );
});
