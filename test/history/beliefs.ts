import type { Tenure } from "./tenure.ts";
import type { Violation } from "./violation.ts";

/** Of one lock: no two clients are sure of it together, unless all of them share it. */
export function checkOverlap(tenures: readonly Tenure[]): Violation[] {
  const granted = grantsOf(tenures);
  const found: Violation[] = [];
  let current: Tenure[] = [];
  for (const tenure of granted) {
    current = current.filter((other) => other.believedUntilMs > tenure.returnMs);
    for (const other of current) {
      if (tenure.mode === "shared" && other.mode === "shared") continue;
      if (tenure.believedUntilMs <= tenure.returnMs) continue;
      const untilMs = Math.min(other.believedUntilMs, tenure.believedUntilMs);
      found.push({
        checker: "overlap",
        lock: tenure.lock,
        atMs: tenure.returnMs,
        message:
          `${tenure.op} (${tenure.mode}) and ${other.op} (${other.mode}) were both sure of it ` +
          `for ${(untilMs - tenure.returnMs).toFixed(1)} ms, tokens ${tenure.token} and ` +
          `${other.token}`,
        ops: [other.op, tenure.op],
      });
    }
    current.push(tenure);
  }
  return found;
}

/**
 * Of one lock: tokens rise from holder to holder, also where clients merely know of each other's
 * order: a grant asked for after another was answered has the larger token. Shared grants that
 * were promoted together share one.
 */
export function checkTokens(tenures: readonly Tenure[]): Violation[] {
  const granted = grantsOf(tenures);
  const byInvoke = granted.toSorted((a, b) => a.invokeMs - b.invokeMs);
  const found: Violation[] = [];
  const report = (earlier: Tenure, later: Tenure, what: string): void => {
    const message = `${later.op} has token ${later.token}, ${earlier.op} ${earlier.token}: ${what}`;
    const ops = [earlier.op, later.op];
    found.push({ checker: "tokens", lock: later.lock, atMs: later.returnMs, message, ops });
  };
  let answered = 0;
  let highest: Tenure | undefined;
  for (const tenure of byInvoke) {
    for (let next = granted[answered]; next !== undefined; next = granted[++answered]) {
      if (next.returnMs > tenure.invokeMs) break;
      if (highest === undefined || next.token > highest.token) highest = next;
    }
    if (highest === undefined) continue;
    const mayEqual = highest.mode === "shared" && tenure.mode === "shared";
    if (tenure.token > highest.token || (mayEqual && tenure.token === highest.token)) continue;
    report(highest, tenure, "it was asked for after that was answered, and is not larger");
  }
  for (const [first, ...others] of Map.groupBy(granted, (tenure) => tenure.token).values()) {
    for (const other of others) {
      if (first === undefined || (first.mode === "shared" && other.mode === "shared")) continue;
      report(first, other, "two tenures have one token, and not both are shared");
    }
  }
  return found;
}

/** In the order they were answered. */
function grantsOf(tenures: readonly Tenure[]): Tenure[] {
  return tenures
    .filter((tenure) => tenure.result === "granted")
    .toSorted((a, b) => a.returnMs - b.returnMs);
}
