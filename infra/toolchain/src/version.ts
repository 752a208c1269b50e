/** A dotted version with an optional pre-release, as servers print it. */
export interface Version {
  readonly numbers: readonly number[];
  /** What follows the numbers after a dash ("rc.0"); empty for a release. */
  readonly preRelease: string;
}

/** Reads the first thing that looks like a version out of `text` ("etcd Version: 3.6.16"). */
export function parseVersion(text: string): Version | undefined {
  const match = /(?<![\d.])v?(\d+(?:\.\d+){1,3})(?:-([0-9A-Za-z.]+))?/.exec(text);
  if (match?.[1] === undefined) return undefined;
  return { numbers: match[1].split(".").map(Number), preRelease: match[2] ?? "" };
}

export function formatVersion(version: Version): string {
  const numbers = version.numbers.join(".");
  return version.preRelease === "" ? numbers : `${numbers}-${version.preRelease}`;
}

/** Negative when `a` is older. A pre-release is older than its release: 3.6.14-rc.0 < 3.6.14. */
export function compareVersions(a: Version, b: Version): number {
  const length = Math.max(a.numbers.length, b.numbers.length);
  for (let i = 0; i < length; i++) {
    const difference = (a.numbers[i] ?? 0) - (b.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.preRelease === b.preRelease) return 0;
  if (a.preRelease === "") return 1;
  if (b.preRelease === "") return -1;
  return a.preRelease < b.preRelease ? -1 : 1;
}

/** True when `version` is `versionMin` or newer; a text without a version is never new enough. */
export function isAtLeast(version: Version | undefined, versionMin: string): boolean {
  const least = parseVersion(versionMin);
  if (version === undefined || least === undefined) return false;
  return compareVersions(version, least) >= 0;
}
