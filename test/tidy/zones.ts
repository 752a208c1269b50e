/** A file that holds code which Node or the type checker reads. */
export function isModule(path: string): boolean {
  return /\.[cm]?[jt]s$/.test(path);
}

/** A module in the language of the repository. */
export function isTypeScript(path: string): boolean {
  return /\.[cm]?ts$/.test(path);
}

/** Written by a generator, so no rule on style applies. */
export function isGenerated(path: string): boolean {
  return path.includes("/generated/");
}

/** A file of tests, to be run by vitest. */
export function isTestFile(path: string): boolean {
  return /\.test\.ts$/.test(path);
}

/**
 * Code that exists for tests: test files, the test workspace, the simulator, folders named
 * `testing`. Its users may be tests alone; and its use keeps nothing of the product alive.
 */
export function isForTests(path: string): boolean {
  return (
    isTestFile(path) ||
    path.startsWith("test/") ||
    path.startsWith("libs/simulator/") ||
    path.includes("/testing/")
  );
}

/**
 * Code that may have tests as its only users: that for tests, and the tools they start servers
 * with.
 */
export function mayServeTestsAlone(path: string): boolean {
  return isForTests(path) || path.startsWith("infra/");
}

const wildcards: Readonly<Record<string, string>> = { "**/": "(.*/)?", "**": ".*", "*": "[^/]*" };

/** `path` equals `pattern`, or matches it where `*` is any part of one name and `**` any path. */
export function matchesPath(path: string, pattern: string): boolean {
  const source = pattern
    .split(/(\*\*\/|\*\*|\*)/)
    .map((part) => wildcards[part] ?? RegExp.escape(part))
    .join("");
  return new RegExp(`^${source}$`).test(path);
}
