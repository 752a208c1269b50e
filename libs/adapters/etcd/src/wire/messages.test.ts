import { expect, test } from "vitest";
import { MessageReader, writeMessages } from "./messages.ts";

const sent = ["", "a", "bc".repeat(300)].map((text) => Buffer.from(text));

test("messages are read as they were written, wherever their bytes were cut", () => {
  const bytes = writeMessages(sent);
  for (const size of [1, 2, 5, 7, bytes.length]) {
    const reader = new MessageReader(1_000);
    const read: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      read.push(...reader.read(bytes.subarray(at, at + size)));
    }
    expect(read.map(String)).toEqual(sent.map(String));
    expect(reader.malformed).toBe(false);
  }
});

test("a message that is compressed or too long ends the reading, after those before it", () => {
  const compressed = writeMessages([Buffer.from("x")]);
  compressed[0] = 1;
  for (const bad of [compressed, writeMessages([Buffer.alloc(11)])]) {
    const reader = new MessageReader(10);
    expect(reader.read(Buffer.concat([writeMessages([Buffer.from("a")]), bad]))).toHaveLength(1);
    expect(reader.malformed).toBe(true);
    expect(reader.read(writeMessages([Buffer.from("b")]))).toEqual([]);
  }
});
