import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { javaLacking, javaMajor } from "./java-version.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-java-"));
  mkdirSync(join(root, "bin"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function java(says: string): void {
  const path = join(root, "bin", "java");
  writeFileSync(path, `#!/bin/sh\necho "${says}"\n`);
  chmodSync(path, 0o755);
}

test.each([
  ["openjdk 17.0.15 2025-04-15\nOpenJDK Runtime Environment", 17],
  ["openjdk 21 2023-09-19", 21],
  ["java 24.0.1 2025-04-15", 24],
  ["Unrecognized option: --version", undefined],
])("%j is major version %s", (text, major) => {
  expect(javaMajor(text)).toBe(major);
});

test("a Java that is new enough will do", async () => {
  java("openjdk 21 2023-09-19");
  expect(await javaLacking("Kafka", 17, { PATH: join(root, "bin") })).toBeUndefined();
});

test("JAVA_HOME goes before PATH", async () => {
  java("openjdk 17.0.15 2025-04-15");
  expect(await javaLacking("Kafka", 17, { PATH: "", JAVA_HOME: root })).toBeUndefined();
});

test("one that is too old is named, and so is its absence", async () => {
  java("openjdk 11.0.2 2019-01-15");
  expect(await javaLacking("Kafka", 17, { PATH: join(root, "bin") })).toBe(
    "Kafka needs Java 17 or newer, and java is 11",
  );
  expect(await javaLacking("Kafka", 17, { PATH: join(root, "none") })).toBe(
    "Kafka needs Java 17 or newer, and no java answers (java is not on PATH)",
  );
});
