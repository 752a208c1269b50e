import { expect, test } from "vitest";
import { LockId } from "../generated/holdfast/v1/lock.ts";
import { decodeMessage } from "./decode-message.ts";

test("a message is read, and bytes that are none are told apart from an empty one", () => {
  const lock = { region: "here", namespace: "default", name: "l0" };
  expect(decodeMessage(LockId, LockId.encode(lock).finish())).toEqual(lock);
  expect(decodeMessage(LockId, new Uint8Array())).toEqual({ region: "", namespace: "", name: "" });
  // A field of ten bytes, of which there is one.
  expect(decodeMessage(LockId, new Uint8Array([10, 10, 0]))).toBeUndefined();
});
