import { type Failure, failure } from "@holdfast/base/failure";
import { limits } from "../limits.ts";

const namePattern = /^[A-Za-z0-9._:@=+,~/-]+$/;
/**
 * A segment that is empty, "." or "..": faster than splitting the name, and it runs for each
 * command.
 */
const badSegmentPattern = /(?:^|\/)\.{0,2}(?:\/|$)/;
const namespacePattern = /^[a-z0-9-]+$/;
const regionPattern = /^[a-z0-9-]+$/;

/** The first thing wrong with a lock's name, or undefined. */
export function checkName(name: string): Failure | undefined {
  if (name.length === 0 || name.length > limits.nameBytesMax || !namePattern.test(name)) {
    return failure(
      "INVALID_ARGUMENT",
      `A lock name is 1 to ${limits.nameBytesMax} bytes of A-Z a-z 0-9 . _ : @ = + , ~ - and /; ` +
        `this one ${complaint(name, limits.nameBytesMax, namePattern)}.`,
      { field: "name" },
    );
  }
  if (!badSegmentPattern.test(name)) return undefined;
  for (const segment of name.split("/")) {
    if (segment === "" || segment === "." || segment === "..") {
      return failure(
        "INVALID_ARGUMENT",
        `No segment of a lock name may be empty, "." or ".."; this one has "${segment}".`,
        { field: "name" },
      );
    }
  }
  return undefined;
}

/** What is wrong with the depth of a name whose namespace is hierarchical, or undefined. */
export function checkDepth(name: string): Failure | undefined {
  const depth = name.split("/").length;
  if (depth <= limits.depthMax) return undefined;
  return failure(
    "INVALID_ARGUMENT",
    `A lock name in a hierarchical namespace has at most ${limits.depthMax} segments; this one has ` +
      `${depth}.`,
    { field: "lock.name" },
  );
}

/** The first thing wrong with a namespace, or undefined. */
export function checkNamespace(namespace: string): Failure | undefined {
  const length = namespace.length;
  if (length >= 1 && length <= limits.namespaceBytesMax && namespacePattern.test(namespace)) {
    return undefined;
  }
  return failure(
    "INVALID_ARGUMENT",
    `A namespace is 1 to ${limits.namespaceBytesMax} bytes of a-z 0-9 and -; ` +
      `this one ${complaint(namespace, limits.namespaceBytesMax, namespacePattern)}.`,
    { field: "namespace" },
  );
}

/** The first thing wrong with a region's name, or undefined. */
export function checkRegion(region: string): Failure | undefined {
  if (region.length <= limits.regionBytesMax && regionPattern.test(region)) return undefined;
  return failure(
    "INVALID_ARGUMENT",
    `A region is 1 to ${limits.regionBytesMax} bytes of a-z 0-9 and -.`,
    { field: "region" },
  );
}

/** Says what is wrong without echoing bytes that could garble a log. */
function complaint(text: string, bytesMax: number, pattern: RegExp): string {
  if (text.length === 0) return "is empty";
  const odd = Array.from(text).find((character) => !pattern.test(character));
  if (odd !== undefined) {
    return `has U+${(odd.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  }
  return `has ${text.length} bytes (limit ${bytesMax})`;
}
