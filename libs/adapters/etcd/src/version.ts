/** The first etcd 3.6 without the known stale reads and lease faults. */
export const etcdVersionMin = "3.6.14";

/** Whether an etcd of `version` keeps the promises Holdfast rests on. */
export function isSupportedEtcd(version: string): boolean {
  const actual = numbersOf(version);
  const least = numbersOf(etcdVersionMin);
  for (const [index, number] of least.entries()) {
    const difference = (actual[index] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbersOf(version: string): number[] {
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  return match === null ? [0] : match.slice(1).map(Number);
}
